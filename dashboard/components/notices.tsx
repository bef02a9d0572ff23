import type { ComponentChildren } from 'preact'
import type { Board } from '../board.ts'
import { timeOf } from '../moments.ts'
import { isSilent } from '../staleness.ts'
import { strings } from '../strings.ts'
import { Icon } from './icon.tsx'

const words = strings.notices

export function Notices({ board }: { board: Board }) {
  return (
    <section class="notices" aria-label={words.label} aria-live="polite">
      {board.connection.isReplay && <Notice tone="calm">{words.replay}</Notice>}
      <Trouble board={board} />
      <Silence board={board} />
      <PbxDown board={board} />
      <GapNotice board={board} />
    </section>
  )
}

function Notice({ tone, children }: { tone: 'calm' | 'warning' | 'alarm'; children: ComponentChildren }) {
  return (
    <div class="notice" data-tone={tone}>
      <Icon name={tone === 'calm' ? 'replay' : 'warning'} />
      {children}
    </div>
  )
}

function Trouble({ board: { live, trouble } }: { board: Board }) {
  const { state } = live.status
  if (state === 'refused') return <Notice tone="alarm">{words.refused(trouble ?? '')}</Notice>
  return state === 'reconnecting' && trouble ? <Notice tone="warning">{words.unreachable(trouble)}</Notice> : null
}

function Silence({ board: { live } }: { board: Board }) {
  if (live.status.state !== 'connected') return null
  if (!live.heard) return <Notice tone="warning">{words.neverHeard}</Notice>
  if (!isSilent(live.heard)) return null
  return <Notice tone="warning">{words.silent(timeOf(Date.parse(live.heard.lastHeard), Date.now()))}</Notice>
}

/** What a silent bridge last said about the PBX is old, and its silence has a notice of its own. */
function PbxDown({ board: { live } }: { board: Board }) {
  const { pbx } = live
  if (live.status.state !== 'connected' || pbx?.state !== 'down') return null
  if (live.heard && isSilent(live.heard)) return null
  return <Notice tone="alarm">{words.pbxDown(timeOf(Date.parse(pbx.since), Date.now()))}</Notice>
}

function GapNotice({ board }: { board: Board }) {
  if (!board.gap) return null
  const { from, to, reason } = board.gap
  const time = (text: string) => timeOf(Date.parse(text), Date.now())
  return (
    <Notice tone="warning">
      <span>{words.gap(time(from), time(to), reason)}</span>
      <button type="button" class="quiet" onClick={() => board.showGap(undefined)}>
        {words.dismiss}
      </button>
    </Notice>
  )
}
