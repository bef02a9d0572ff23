import type { QueueEntity } from '../../client/index.ts'
import type { CallState, EndpointState } from '../../contracts/facts.ts'
import { callsOn, type PresenceWord, type TrunkWord, trunkPresenceOf, wordOfDevice } from '../../contracts/presence.ts'
import { isConfirmed, queuesOf } from '../../contracts/queue-view.ts'
import type { Queue, QueueMember } from '../../contracts/queues.ts'
import type { Board } from '../board.ts'
import { Icon, type IconName } from '../components/icon.tsx'
import { Timer } from '../components/timer.tsx'
import { number, plural, t } from '../language.ts'
import { memo } from '../memo.ts'
import type { ShownClock } from '../now.ts'

const trunkIcons: Record<TrunkWord, IconName> = { up: 'available', down: 'warning', unknown: 'unknown' }

/** Trunks and queues, each as a strip of its own; nothing if the site has none. */
export function Strips({ board }: { board: Board }) {
  const endpoints = [...board.live.endpoints.values()].map(({ state }) => state)
  const trunks = endpoints.filter(({ trunk }) => trunk).sort((a, b) => a.resource.localeCompare(b.resource))
  const queues = queuesOf([...board.live.queues.values()].map(({ state }: QueueEntity) => state))
  if (trunks.length + queues.length === 0) return null
  const calls = [...board.live.calls.values()].map(({ state }) => state)
  return (
    <ul class="strips" aria-label={t('strips.label')}>
      {trunks.map((state) => (
        <TrunkStrip key={state.endpoint} state={state} calls={calls} />
      ))}
      {queues.map((queue) => (
        <QueueStrip key={queue.queue} queue={queue} clock={board.clock} />
      ))}
    </ul>
  )
}

/** The word says how the state is known: by a registration, or only by an answer to OPTIONS. */
function trunkWords(state: EndpointState): string {
  const { word } = trunkPresenceOf(state)
  const registration = state.trunk?.registration?.state
  if (word === 'unknown') return t('trunk.unknown')
  if (registration && (word === 'up' || registration !== 'registered')) return t(`trunk.${registration}`)
  return t(`trunk.${word}`)
}

function TrunkStrip({ state, calls }: { state: EndpointState; calls: readonly CallState[] }) {
  const { word } = trunkPresenceOf(state)
  return (
    <li class="strip" data-trunk={state.endpoint} data-trunk-state={word}>
      <p class="strip-title">
        <Icon name="trunk" small />
        <span class="visually-hidden">{t('trunk.title')} </span>
        <bdi>{state.resource}</bdi>
      </p>
      <p class="tinted end">
        <Icon name={trunkIcons[word]} small />
        {trunkWords(state)}
      </p>
      <p class="strip-more">{plural('trunk.calls', callsOn(state.endpoint, calls))}</p>
      {state.roundTripMs !== undefined && word === 'up' && (
        <p class="note end">{t('trunk.roundTrip', { ms: number(Math.round(state.roundTripMs)) })}</p>
      )}
    </li>
  )
}

function QueueStrip({ queue, clock }: { queue: Queue; clock: ShownClock }) {
  const { longestWaitSince, waiting, members } = queue
  const free = members.filter((member) => !member.paused && wordOfDevice(member.state) === 'available').length
  const isSure = isConfirmed(queue)
  return (
    <li
      class="strip"
      data-queue={queue.queue}
      data-waiting={waiting > 0 && isSure ? '' : undefined}
      data-confirmed={isSure ? undefined : 'false'}
    >
      <p class="strip-title">
        <Icon name="queue" small />
        <span class="visually-hidden">{t('queue.title')} </span>
        <bdi>{queue.queue}</bdi>
      </p>
      <p class="waiting end">
        {waiting > 0 && <Icon name="ringing" small />}
        {waiting === 0 ? t('queue.nobody') : plural('queue.waiting', waiting)}
        {!isSure && <span class="note"> {t('live.unconfirmed')}</span>}
        {isSure && longestWaitSince !== undefined && (
          <span class="longest">
            {' '}
            <span class="visually-hidden">{t('queue.longest')} </span>
            <Timer sinceMs={Date.parse(longestWaitSince)} clock={clock} />
          </span>
        )}
      </p>
      <ul class="members" aria-label={t('queue.members')}>
        {members.map((member) => (
          <Member key={member.interface + member.name} member={member} />
        ))}
      </ul>
      <p class="note end">{members.length === 0 ? t('queue.noMembers') : plural('queue.free', free)}</p>
    </li>
  )
}

const Member = memo(({ member }: { member: QueueMember }) => {
  const word: PresenceWord = wordOfDevice(member.state)
  // While the PBX is down, nobody knows whether the member is still paused.
  const paused = member.confirmed === false ? undefined : member.paused
  const state = paused
    ? t(paused.reason ? 'queue.pausedFor' : 'queue.paused', { reason: paused.reason ?? '' })
    : t(`state.${word}`)
  const also = paused && word !== 'available' ? `, ${t(`state.${word}`)}` : ''
  const text = `${member.extension ?? member.name}: ${state}${also}`
  return (
    <li class="member" data-state={paused ? 'away' : word} data-member={member.interface} title={text}>
      <Icon name={paused ? 'on-hold' : word} small />
      <span class="visually-hidden">{text}</span>
    </li>
  )
})
