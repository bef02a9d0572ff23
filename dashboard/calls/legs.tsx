import { Fragment } from 'preact'
import type { Cdr } from '../../contracts/cdr.ts'
import { t } from '../language.ts'
import { duration } from '../moments.ts'
import { phoneNumber } from '../phone-number.ts'

/** Asterisk's time, `2026-11-23T19:03:14+0000`, in Unix milliseconds. */
function cdrTimeMs(text: string): number {
  return Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
}

/** One bar of the chart, in seconds from the start of the call. */
export interface LegBar {
  name: string
  start: number
  /** When the leg was answered; its end if it was not. */
  answer: number
  end: number
}

/** Returns when each leg of a call rang and talked. A record without an end lasted for its duration. */
export function legBars(cdrs: readonly Cdr[]): LegBar[] {
  const firstMs = Math.min(...cdrs.map(({ start }) => cdrTimeMs(start)))
  return cdrs.map((cdr) => {
    const start = (cdrTimeMs(cdr.start) - firstMs) / 1_000
    const end = cdr.end === '' ? start + cdr.duration : (cdrTimeMs(cdr.end) - firstMs) / 1_000
    const answer = cdr.answer === '' ? end : (cdrTimeMs(cdr.answer) - firstMs) / 1_000
    return { name: nameOf(cdr), start, answer: Math.min(answer, end), end }
  })
}

function nameOf({ dst, dstchannel }: Cdr): string {
  const device = /^[^/]+\/([^@-]+)/.exec(dstchannel)?.[1]
  const number = phoneNumber(dst)
  return device && device !== dst ? `${number} · ${device}` : number
}

/** When each leg rang (hatched) and talked (solid), on one axis. */
export function Legs({ cdrs }: { cdrs: readonly Cdr[] }) {
  const bars = legBars(cdrs)
  const total = Math.max(1, ...bars.map(({ end }) => end))
  if (bars.length === 0) return null
  return (
    <div class="section">
      <h3>{t('legs.title')}</h3>
      <dl class="legs">
        {bars.map((bar, n) => (
          // the legs of an ended call never change their order
          <Fragment key={n}>
            <dt>
              <bdi>{bar.name}</bdi>
            </dt>
            <dd>
              <Bar bar={bar} total={total} />
              <span class="visually-hidden">
                {t('legs.said', {
                  start: duration(bar.start),
                  rang: duration(bar.answer - bar.start),
                  talked: duration(bar.end - bar.answer),
                })}
              </span>
            </dd>
          </Fragment>
        ))}
      </dl>
      <p class="axis" aria-hidden="true">
        <span>0:00</span>
        <span>{duration(total / 2)}</span>
        <span>{duration(total)}</span>
      </p>
      <p class="legend">
        <span class="key ringing" /> {t('legs.ringing')} <span class="key talk" /> {t('legs.talk')}
      </p>
    </div>
  )
}

function Bar({ bar: { start, answer, end }, total }: { bar: LegBar; total: number }) {
  const part = (from: number, to: number) => ({
    insetInlineStart: `${(100 * from) / total}%`,
    inlineSize: `max(3px, ${(100 * (to - from)) / total}%)`,
  })
  return (
    <span class="bar" aria-hidden="true">
      {answer > start && <span class="ringing" style={part(start, answer)} />}
      {end > answer && <span class="talk" style={part(answer, end)} />}
    </span>
  )
}
