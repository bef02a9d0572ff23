import { useMemo, useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { type AuditPage, auditRoutes } from '../../contracts/routes/audit.ts'
import { Icon } from '../components/icon.tsx'
import { Panel, TableBox } from '../components/panel.tsx'
import { Content, Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import { useAction, useLoad } from '../loading.ts'
import { dateTimeOf } from '../moments.ts'
import { useSession } from '../session.ts'

const pageRows = 50

/** Who did what, newest first. */
export function AuditPanel() {
  const { connection, board } = useSession()
  const api = useMemo(() => createApi(connection, auditRoutes), [connection])
  const [older, setOlder] = useState<readonly AuditPage[]>([])
  const action = useAction()
  const read = async (cursor?: string) =>
    (await api('GET /v1/sites/{site}/audit', { query: { limit: pageRows, ...(cursor && { cursor }) } })).body
  const first = useLoad(board.isLoaded ? 'audit' : undefined, () => read())
  const pages = first.data ? [first.data, ...older] : []
  const cursor = pages.at(-1)?.cursor
  const more = () =>
    action.run(async () => {
      const page = await read(cursor)
      setOlder([...older, page])
    })
  return (
    <Panel title={t('settings.audit')} note={t('audit.note')}>
      <Content of={first}>
        {() => (
          <TableBox label={t('settings.audit')}>
            <table class="audit">
              <thead>
                <tr>
                  <th scope="col">{t('calls.time')}</th>
                  <th scope="col">{t('audit.who')}</th>
                  <th scope="col">{t('audit.what')}</th>
                  <th scope="col">{t('audit.from')}</th>
                  <th scope="col">{t('audit.outcome')}</th>
                </tr>
              </thead>
              <tbody>
                {pages
                  .flatMap(({ entries }) => entries)
                  .map(({ id, at, who, what, on, from, outcome }) => (
                    <tr key={id}>
                      <td class="time">{dateTimeOf(at)}</td>
                      <td>{who}</td>
                      <td>
                        <code>{what}</code> <span class="hint">{on}</span>
                      </td>
                      <td>{from}</td>
                      <td>
                        <span class="tinted" data-tone={outcome === 'done' ? 'good' : 'bad'}>
                          <Icon name={outcome === 'done' ? 'available' : 'refused'} small />
                          {outcome === 'done' ? t('audit.done') : outcome}
                        </span>
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </TableBox>
        )}
      </Content>
      <Failure text={action.failure} />
      {cursor !== undefined && (
        <p class="list-end">
          <button type="button" class="link" aria-disabled={action.isBusy} onClick={more}>
            {t('calls.older')}
          </button>
        </p>
      )}
    </Panel>
  )
}
