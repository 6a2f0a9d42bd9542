import { useEffect, useState } from 'preact/hooks';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { InquiryView } from '@bellwether/control-plane/inquiries/inquiry-api';
import { Action } from './action.js';
import { formatDate, splitDeviceId } from './format.js';
import type { ServerApi } from './server-api.js';

interface InquiryProps {
  readonly api: ServerApi;
  readonly device: DeviceView;
}

const questions = [
  ['logs', 'Log', 'It sends the newest lines of its log'],
  ['diagnostics', 'Diagnostics', 'It sends its state, its configuration and its connection'],
] as const;

/** Asks a device for its log or its diagnostics, and shows what it answers. */
export function DeviceInquiry({ api, device }: InquiryProps) {
  // A question travels in the order: without one there is none.
  if (device.ordered === null) return null;
  const { id } = device;
  const { name } = splitDeviceId(id);
  return (
    <>
      {questions.map(([kind, label, what]) => (
        <Action<InquiryView>
          key={kind}
          api={api}
          route="POST /devices/:id/inquiries"
          params={{ id }}
          label={label}
          title={`${label} of ${name}`}
          body={() => ({ kind, hours: 1 })}
          outcome={(reply) => <InquiryAnswer api={api} asked={reply} />}
        >
          <p>
            {what}, without secrets, within seconds, or when it is back within an hour. The question is written into the
            audit log.
          </p>
        </Action>
      ))}
    </>
  );
}

const pollMs = 1000;

function InquiryAnswer({ api, asked }: { readonly api: ServerApi; readonly asked: InquiryView }) {
  const [inquiry, setInquiry] = useState(asked);
  useEffect(() => {
    if (inquiry.state !== 'waiting') return;
    let isGone = false;
    const ask = async () => {
      const params = { id: asked.device, inquiry: asked.id };
      const answer = await api.send<InquiryView>('GET /devices/:id/inquiries/:inquiry', { params });
      // What cannot be asked now is asked again: another object, and so another look.
      if (!isGone) setInquiry('reply' in answer ? answer.reply : { ...inquiry });
    };
    const timer = setTimeout(() => void ask(), pollMs);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [inquiry, api, asked]);
  const { answer, state, expiresAtMs } = inquiry;
  if (answer === undefined) {
    return (
      <p role="status">
        {state === 'waiting'
          ? `Waiting for the device, until ${formatDate(expiresAtMs)} …`
          : 'It did not answer in time.'}
      </p>
    );
  }
  return <pre class="answer">{textOf(answer)}</pre>;
}

function textOf(answer: NonNullable<InquiryView['answer']>): string {
  if (answer.kind === 'diagnostics') return JSON.stringify(answer.facts, null, 2);
  const before = answer.dropped > 0 ? [`(${answer.dropped} lines before these)`] : [];
  const lines = answer.lines.map(({ atMs, level, text, fields = '' }) => {
    return `${new Date(atMs).toISOString()} ${level.padEnd(5)} ${text} ${fields}`.trimEnd();
  });
  return [...before, ...lines].join('\n');
}
