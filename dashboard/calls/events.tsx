import { createApi } from '../../client/http-client.ts'
import { callRoutes } from '../../contracts/routes/calls.ts'
import { TableBox } from '../components/panel.tsx'
import { Content } from '../components/states.tsx'
import { number, t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { timeOf } from '../moments.ts'
import { useSession } from '../session.ts'

/** The states that the bridge reported, and how long each message took to be stored. They are kept for 30 days. */
export function Events({ id }: { id: string }) {
  const { connection } = useSession()
  const line = useLoad(id, async (signal) => {
    const api = createApi(connection, callRoutes)
    return (await api('GET /v1/sites/{site}/calls/{id}/events', { path: { id }, signal })).body.events
  })
  return (
    <details class="section">
      <summary>{t('events.title')}</summary>
      <Content of={line}>
        {(events) =>
          events.length === 0 ? (
            <p class="note">{t('events.none')}</p>
          ) : (
            <TableBox label={t('events.title')}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t('calls.time')}</th>
                    <th scope="col">{t('changes.state')}</th>
                    <th scope="col">{t('events.lane')}</th>
                    <th scope="col" class="figure">
                      {t('events.delay')}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {events.map(({ v, at, state, hops }) => (
                    <tr key={v}>
                      <td>{timeOf(Date.parse(at), Date.parse(at))}</td>
                      <td>{t(`progress.${state}`)}</td>
                      <td>{t(`lane.${hops.lane}`)}</td>
                      <td class="figure">
                        {t('events.ms', { ms: number(Date.parse(hops.function) - Date.parse(hops.bridge)) })}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </TableBox>
          )
        }
      </Content>
    </details>
  )
}
