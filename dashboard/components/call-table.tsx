import type { Cdr } from '../../contracts/cdr.ts'
import type { CallLog } from '../call-log.ts'
import { cdrCaller } from '../call-parties.ts'
import { cdrMs, duration, localZone, timeOf } from '../moments.ts'
import { strings } from '../strings.ts'
import { Icon, type IconName } from './icon.tsx'

const words = strings.log
const { columns } = words

export function CallTable({ log }: { log: CallLog }) {
  return (
    <section class="panel log" aria-labelledby="log-title">
      <div class="panel-head">
        <h2 id="log-title">{words.title}</h2>
      </div>
      {log.failure !== undefined && (
        <p class="failure" role="alert">
          {words.failed(log.failure)}
          <button type="button" class="quiet" onClick={() => log.refresh()}>
            {words.retry}
          </button>
        </p>
      )}
      {log.rows.length > 0 ? <Rows rows={log.rows} /> : <Nothing log={log} />}
      {log.hasOlder && (
        <button type="button" class="more" disabled={log.isLoadingOlder} onClick={() => log.older()}>
          {log.isLoadingOlder ? words.loadingOlder : words.older}
        </button>
      )}
    </section>
  )
}

function Nothing({ log }: { log: CallLog }) {
  if (log.failure !== undefined) return null
  return <p class="empty">{log.isLoaded ? words.none : words.loading}</p>
}

function Rows({ rows }: { rows: readonly Cdr[] }) {
  return (
    <table class="call-table">
      <caption>{words.caption(localZone)}</caption>
      <thead>
        <tr>
          {Object.entries(columns).map(([name, title]) => (
            <th key={name} scope="col" class={name}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cdr) => (
          <Row key={`${cdr.uniqueid} ${cdr.sequence}`} cdr={cdr} />
        ))}
      </tbody>
    </table>
  )
}

const resultIcons = new Map<string, IconName>([
  ['ANSWERED', 'available'],
  ['BUSY', 'busy'],
  ['NO ANSWER', 'ringing'],
])

function Row({ cdr }: { cdr: Cdr }) {
  const from = cdrCaller(cdr)
  return (
    <tr data-linkedid={cdr.linkedid}>
      <td class="time">{timeOf(cdrMs(cdr.start), Date.now())}</td>
      <td class="from">
        {from.main}
        {from.detail && <span class="detail"> {from.detail}</span>}
      </td>
      <td class="to">{cdr.dst}</td>
      <td class="result">
        <span class="chip" data-result={cdr.disposition}>
          <Icon name={resultIcons.get(cdr.disposition) ?? 'warning'} />
          {words.results.get(cdr.disposition) ?? cdr.disposition}
        </span>
      </td>
      <td class="duration">{duration(cdr.duration)}</td>
      <td class="talk">{duration(cdr.billsec)}</td>
    </tr>
  )
}
