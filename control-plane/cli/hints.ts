/** What to do about an error, by its code: the server's, the publisher's and the CLI's own. */
const hints: ReadonlyMap<string, string> = new Map([
  ['network', 'is the server running (bellwether serve), and is --server or BELLWETHER_SERVER its address?'],
  ['bad-reply', 'is --server the address of a Bellwether server, and of this version?'],
  [
    'token-missing',
    'bellwether login --name NAME; or give a token by --token-file, --token or BELLWETHER_TOKEN (bellwether serve prints where the first one is)',
  ],
  [
    'operator-token-missing',
    'bellwether login --name NAME; or give a token by --token-file, --token or BELLWETHER_TOKEN',
  ],
  ['operator-token-invalid', 'it was revoked, or is over: bellwether login --name NAME, or another token'],
  [
    'role-insufficient',
    'bellwether whoami shows your role; an admin gives another: bellwether operator role NAME ROLE',
  ],
  ['operator-unknown', 'bellwether operator list shows who there is'],
  ['api-token-unknown', 'bellwether api-token list shows what there is'],
  [
    'passphrase-missing',
    'give it by --passphrase-file, BELLWETHER_PASSPHRASE_FILE or BELLWETHER_PASSPHRASE, or run this on a terminal',
  ],
  ['root-missing', 'give the root file that the devices pin by --root'],
  ['key-use', 'publisher keys sign staging (release publish), approver keys sign production (release approve)'],
  ['not-staged', 'publish it first: bellwether release publish FOLDER --key publisher.key'],
  ['release-changed', 'raise the version in release.yaml and publish that'],
  ['release-unknown', 'bellwether release list shows what there is'],
  ['release-not-approved', 'approve it first: bellwether release approve MODEL@VERSION --key approver.key'],
  ['device-unknown', 'bellwether device list shows what there is'],
  ['alert-unknown', 'bellwether alerts list --all shows what there is'],
  ['silence-unknown', 'bellwether alerts silences shows what there is'],
  ['webhook-unknown', 'bellwether webhooks list shows what there is'],
  ['inquiry-unordered', 'questions travel in a device’s order: bellwether rollout create'],
  ['inquiry-limit', 'they end by themselves; --inquiry ID shows the answer to one that was asked'],
  ['consumer-unknown', 'bellwether consumer list shows what there is'],
  ['token-unknown', 'bellwether token list shows what there is'],
  ['approval-pending', 'compare fingerprints, then: bellwether device approve DEVICE'],
  ['rollout-unknown', 'bellwether rollout list shows what there is'],
  ['rollout-held', 'bellwether rollout explain ID says why; then resume, promote, retry, abort or rollback'],
  ['rollout-rolled-back', 'bellwether rollout explain ID says why'],
  ['rollout-overlaps', 'let it end, or say --supersede'],
  [
    'no-stable',
    'bellwether device list shows who has what and who is kept apart; a first release comes by --policy direct, the default',
  ],
  ['policy', 'bellwether rollout policy standard prints a whole one to begin with'],
  ['policy-unknown', 'bellwether rollout policy standard prints a whole one to begin with'],
  ['rollout-empty', 'bellwether device list shows the devices and their labels'],
  ['verdict-differs', 'the file was changed, or was made by another version of Bellwether: verdict show says which'],
  ['verdict-key', 'bellwether keys list shows the server’s verdict key'],
  ['already-there', 'give --out a new folder'],
  ['port-occupied', 'give another by --http-port or --mqtt-port; 0 takes any free one'],
  ['not-initialised', 'bellwether keys init --dev --out DIR --family NAME, then bellwether serve --keys DIR/server'],
  ['role-changed', 'somebody else is publishing all the time: run it again'],
  ['other-root', 'the keys, the root file and the server do not belong together'],
]);

/** A hint for an error's code; undefined where the message says it all. */
export function hintFor(code: string): string | undefined {
  return hints.get(code);
}
