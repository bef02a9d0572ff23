import type { Call } from '../../contracts/calls.ts'
import type { CallLog } from '../call-log.ts'
import { partyLabel } from '../call-parties.ts'
import { duration, localZone, timeOf } from '../moments.ts'
import { strings } from '../strings.ts'
import { ResultChip } from './result-chip.tsx'

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

function Rows({ rows }: { rows: readonly Call[] }) {
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
        {rows.map((call) => (
          <Row key={call.call} call={call} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ call }: { call: Call }) {
  const from = partyLabel(call.caller)
  return (
    <tr data-linkedid={call.call}>
      <td class="time">{timeOf(Date.parse(call.startedAt), Date.now())}</td>
      <td class="from">
        {from.main}
        {from.detail && <span class="detail"> {from.detail}</span>}
      </td>
      <td class="to">{call.dialled}</td>
      <td class="result">
        <ResultChip result={call.result} />
      </td>
      <td class="duration">{duration(call.durationSeconds ?? 0)}</td>
      <td class="talk">{duration(call.talkSeconds ?? 0)}</td>
    </tr>
  )
}
