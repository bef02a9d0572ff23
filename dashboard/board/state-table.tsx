import { Icon } from '../components/icon.tsx'
import { Panel, TableBox } from '../components/panel.tsx'
import { t } from '../language.ts'
import { timeOf } from '../moments.ts'
import { type StateRow, stateRowsMax } from '../state-log.ts'

/** The table of the course report: date, endpoint and state of each change since the page was opened. */
export function StateTable({ rows }: { rows: readonly StateRow[] }) {
  return (
    <Panel title={t('changes.title')} note={t('changes.note', { count: stateRowsMax })} class="states">
      {rows.length > 0 ? <Rows rows={rows} /> : <p class="note pad">{t('changes.none')}</p>}
    </Panel>
  )
}

function Rows({ rows }: { rows: readonly StateRow[] }) {
  return (
    <TableBox label={t('changes.region')}>
      <table class="state-table">
        <thead>
          <tr>
            <th scope="col">{t('changes.date')}</th>
            <th scope="col">{t('changes.endpoint')}</th>
            <th scope="col">{t('changes.state')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, at, endpoint, word, deviceState }) => (
            <tr key={key}>
              <td>{timeOf(at, Date.now())}</td>
              <td>{endpoint}</td>
              <td>
                <span class="tinted" data-state={word} title={deviceState}>
                  <Icon name={word} small />
                  {t(`state.${word}`)}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  )
}
