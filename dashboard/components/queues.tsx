import type { QueueEntity } from '../../client/index.ts'
import { wordOfDevice } from '../../contracts/presence.ts'
import { isConfirmed, queuesOf } from '../../contracts/queue-view.ts'
import type { Queue, QueueMember } from '../../contracts/queues.ts'
import { duration } from '../moments.ts'
import { useNow } from '../now.ts'
import { strings } from '../strings.ts'
import { Icon } from './icon.tsx'

const words = strings.queues

/** The queues of the site: how many callers wait and for how long, and the members. Nothing if the site has no queue. */
export function Queues({ queues }: { queues: ReadonlyMap<string, QueueEntity> }) {
  const all = queuesOf([...queues.values()].map(({ state }) => state))
  return all.length === 0 ? null : <QueueList queues={all} />
}

function QueueList({ queues }: { queues: readonly Queue[] }) {
  const nowMs = useNow()
  return (
    <section class="panel queues" aria-labelledby="queues-title">
      <div class="panel-head">
        <h2 id="queues-title">{words.title}</h2>
      </div>
      <ul class="queue-list">
        {queues.map((queue) => (
          <QueueStrip key={queue.queue} queue={queue} nowMs={nowMs} />
        ))}
      </ul>
    </section>
  )
}

function QueueStrip({ queue, nowMs }: { queue: Queue; nowMs: number }) {
  const { longestWaitSince, waiting, members } = queue
  const isSure = isConfirmed(queue)
  return (
    <li
      class="queue"
      data-queue={queue.queue}
      data-waiting={waiting > 0 && isSure ? '' : undefined}
      data-confirmed={isSure ? undefined : 'false'}
    >
      <h3>{queue.queue}</h3>
      <p class="waiting">
        {words.waiting(waiting)}
        {!isSure && <span class="unconfirmed"> {strings.calls.unconfirmed}</span>}
        {isSure && longestWaitSince !== undefined && (
          <span class="longest"> {words.longest(duration((nowMs - Date.parse(longestWaitSince)) / 1000))}</span>
        )}
      </p>
      <ul class="members">
        {members.map((member) => (
          <Member key={member.interface + member.name} member={member} />
        ))}
        {members.length === 0 && <li class="detail">{words.none}</li>}
      </ul>
    </li>
  )
}

function Member({ member }: { member: QueueMember }) {
  const word = wordOfDevice(member.state)
  // While the PBX is down, nobody knows whether the member is still paused.
  const paused = member.confirmed === false ? undefined : member.paused
  const state = paused ? words.paused(paused.reason) : strings.phones.words[word]
  return (
    <li class="member" data-state={paused ? 'away' : word} data-member={member.interface}>
      <Icon name={paused ? 'away' : word} />
      <span>{member.extension ?? member.name}</span>
      <span class="detail">{paused && word !== 'available' ? `${state}, ${strings.phones.words[word]}` : state}</span>
    </li>
  )
}
