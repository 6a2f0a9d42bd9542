/**
 * What windows and events have in common, for deflate to refer to: names in the order in which they are written, the more
 * frequent ones later. It is a part of the protocol: another text is another dictionary, whose checksum (Adler-32) every
 * message carries, and readers would have to know both.
 */
export const compactDictionary: Uint8Array = Buffer.from(
  [
    '"kind":"install-phase","release":"@1.0.0","code":"","message":"',
    '"wallStartMs":17,"clock":"server","rejected":{"":{"queue-full":1}},"shed":["inputs","shadow"],"outbox":{"waiting":1,"bytes":1,"lostWindows":1,"lostEvents":1}',
    '"feedback":{"correct":1,"wrong":1},"segment":1,"errors":{"runner-died":1,"deadline":1,"engine":1},"invalid":1,',
    '{"version":1,"device":"-","runId":"","sequence":0,"atMs":17,',
    ',"features":[{"model":"","arm":"stable","version":"1.0.0","manifest":"","sinceMs":1,"rows":1,"features":[[0,0,0],[],[],[]]}]',
    ',"evidence":[{"rollout":"r1","step":0,"model":"","segment":1,"startedAtMs":17,"mode":"split","share":5000,"stable":"","canary":"",',
    '"calls":{"stable":1,"canary":1},"runnerMs":{"stable":5000,"canary":5000},"labelled":{"stable":1,"canary":1},"cells":{"error":{},"invalid":{},',
    '"slow50":{"stable":1,"canary":1},"slow90":{"stable":1,"canary":1},"slow95":{},"slow99":{},"death":{}},"slowMicros":{"slow50":1,"slow90":1,"slow95":1,"slow99":1}}]',
    '{"version":2,"device":"-","runId":"","sequence":1,"bootId":"-4","startMs":0,"endMs":0,"wallEndMs":17,',
    '"host":{"cores":4,"agentCpuPct":1.,"runnersCpuPct":0.,"agentRssBytes":1,"runnersRssBytes":,"load1":0.,"memoryTotalBytes":,"memoryAvailableBytes":,',
    '"diskTotalBytes":,"diskFreeBytes":,"temperatureC":null},"arms":[{"model":"","arm":"canary","version":"1.0.0","manifest":"","arm":"stable","version":"1.',
    '","manifest":"","requests":600,"compute":"AAC","total":"AAC","busyMs":1,"segment":1,"classes":[0,0,0,0,0,0,0,0,0,0],',
    '"confidence":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,5]}]}',
  ].join(''),
);
