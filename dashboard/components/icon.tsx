import type { PresenceWord } from '../../contracts/presence.ts'

export type IconName = PresenceWord | 'busy' | 'arrow' | 'replay' | 'warning'

const handset = 'M4.5 5.5c0 5.5 4.5 10 10 10l1.6-2.7-3.2-1.8-1.6 1.2a8 8 0 0 1-3.5-3.5l1.2-1.6-1.8-3.2z'
const ring = 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z'
const noEntry = `${ring}M6.6 10h6.8`

/** Strokes on a 20 by 20 grid. Each state has its own shape, because some people cannot tell the colours apart. */
const strokes: Record<IconName, string> = {
  available: `${ring}M6.8 10.2l2.2 2.2 4.2-4.6`,
  ringing: 'M4.5 14h11l-1.5-2.2V8.5a4 4 0 0 0-8 0v3.3zM8.5 16.4a1.6 1.6 0 0 0 3 0M10 4.5V3',
  'on-call': handset,
  'on-hold': `${ring}M8.2 7.4v5.2M11.8 7.4v5.2`,
  busy: noEntry,
  dnd: noEntry,
  away: `${ring}M10 5.8V10l2.8 1.8`,
  offline: `${handset}M3.5 16.5l13-13`,
  unknown: `${ring}M7.9 8.2a2.1 2.1 0 1 1 3.2 1.8c-.8.4-1.1.8-1.1 1.5M10 13.9v.1`,
  arrow: 'M3.5 10h13M11.5 5l5 5-5 5',
  replay: 'M4 10a6 6 0 1 0 2-4.5L4 7.3M4 3.5v3.8h3.8',
  warning: 'M10 3.2L2.8 16.4h14.4zM10 8v4M10 14v.1',
}

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={strokes[name]} />
    </svg>
  )
}
