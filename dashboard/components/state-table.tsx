import { timeOf } from '../moments.ts'
import { type StateRow, stateRowsMax } from '../state-log.ts'
import { strings } from '../strings.ts'
import { Icon } from './icon.tsx'

const words = strings.states

/** The table of the course report: date, endpoint and state of each change. */
export function StateTable({ rows }: { rows: readonly StateRow[] }) {
  return (
    <section class="panel states" aria-labelledby="states-title">
      <div class="panel-head">
        <h2 id="states-title">{words.title}</h2>
      </div>
      {rows.length > 0 ? <Rows rows={rows} /> : <p class="empty">{words.none}</p>}
    </section>
  )
}

function Rows({ rows }: { rows: readonly StateRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="scroll" aria-label={words.region} tabIndex={0}>
      <table class="state-table">
        <caption>{words.caption(stateRowsMax)}</caption>
        <thead>
          <tr>
            <th scope="col">{words.columns.date}</th>
            <th scope="col">{words.columns.endpoint}</th>
            <th scope="col">{words.columns.state}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, at, endpoint, word, deviceState }) => (
            <tr key={key}>
              <td>{timeOf(at, Date.now())}</td>
              <td>{endpoint}</td>
              <td>
                <span class="chip" data-state={word} title={deviceState}>
                  <Icon name={word} />
                  {strings.phones.words[word]}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
