import { useEffect, useRef, useState } from 'preact/hooks';
import type { EventPage, TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import { sentenceOf, toneOf } from './event-lines.js';
import { Choice } from './fields.js';
import type { FleetState } from './fleet-state.js';
import { formatMoment, splitDeviceId } from './format.js';
import { hrefOf } from './place.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import type { Refusal, ServerApi } from './server-api.js';
import { beginsAfter, kindGroups, kindsOf, mergedRows, type TimelineAbout } from './timeline-part.js';

const pageRows = 50;

interface TimelineProps {
  readonly state: FleetState;
  readonly api: ServerApi;
  readonly about: TimelineAbout;
}

/** A part of the fleet's timeline, newest first, with what happens while one looks; older rows are asked for. */
export function Timeline({ state, api, about }: TimelineProps) {
  const [group, setGroup] = useState('all');
  const [older, setOlder] = useState<readonly EventPage[]>([]);
  const [notRead, setNotRead] = useState<Refusal | null>(null);
  const kinds = kindsOf(group).join(',');
  const query = { ...about, limit: pageRows, ...(kinds !== '' && { kind: kinds }) };
  const cause = `${about.device ?? ''} ${about.rollout ?? ''} ${group}`;
  const { value, refusal, renew } = useResource<EventPage>(api, 'GET /events', { query, cause });
  // Older rows go on from an answer: another one has other rows before it.
  const first = useRef(value);
  first.current = value;
  useEffect(() => setOlder([]), [value]);
  const isTorn = value !== null && beginsAfter(state.events.value, value.newest);
  useEffect(() => {
    if (isTorn) renew();
  }, [isTorn]);
  const pages = value === null ? [] : [value, ...older];
  const cursor = pages.at(-1)?.cursor ?? null;
  const rows = mergedRows(
    pages.flatMap(({ events }) => events),
    state.events.value,
    { about, group },
  );
  const askOlder = async () => {
    if (cursor === null) return;
    const answer = await api.send<EventPage>('GET /events', { query: { ...query, cursor } });
    setNotRead('refusal' in answer ? answer.refusal : null);
    if (!('reply' in answer) || first.current !== value) return;
    // Asked twice, it is there once.
    setOlder((before) => ((before.at(-1) ?? value)?.cursor === cursor ? [...before, answer.reply] : before));
  };
  return (
    <section aria-labelledby="events-title">
      <div class="title-line">
        <h2 id="events-title">Timeline</h2>
        <Choice
          label="Show"
          name="kinds"
          options={kindGroups.map(([name, text]) => [name, text] as const)}
          value={group}
          onChange={(event) => setGroup(event.currentTarget.value)}
        />
      </div>
      <RefusalNote refusal={refusal ?? notRead} />
      {value !== null && rows.length === 0 && <p class="empty">Nothing of that</p>}
      {/* A region that scrolls must be reachable by keyboard. */}
      <div class="timeline" role="region" aria-labelledby="events-title" tabIndex={0}>
        <ol class="events">
          {rows.map((event) => (
            <Row key={event.id} event={event} about={about} />
          ))}
        </ol>
      </div>
      {cursor !== null && (
        <button type="button" class="button" onClick={() => void askOlder()}>
          Older
        </button>
      )}
    </section>
  );
}

function Row({ event, about }: { readonly event: TimelineEvent; readonly about: TimelineAbout }) {
  const { atMs, device, rollout, code, actor } = event;
  const isOther = device !== null && device !== about.device;
  return (
    <li class={toneOf(event)}>
      <time>{formatMoment(atMs)}</time>
      <span>
        {isOther && (
          <>
            <a href={hrefOf('devices', device)}>{splitDeviceId(device).name}</a>{' '}
          </>
        )}
        {sentenceOf(event)}
        {rollout !== null && device !== null && rollout !== about.rollout && (
          <>
            {' '}
            <a href={hrefOf('rollouts', rollout)}>{rollout}</a>
          </>
        )}
        {actor !== null && actor !== 'server' && <span class="detail"> by {actor}</span>}
        {code !== null && <code>{code}</code>}
      </span>
    </li>
  );
}
