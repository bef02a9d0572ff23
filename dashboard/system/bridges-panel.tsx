import { useMemo, useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import type { CodeMade } from '../../contracts/bridge-access.ts'
import { bridgeRoutes } from '../../contracts/routes/bridges.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Icon } from '../components/icon.tsx'
import { Panel } from '../components/panel.tsx'
import { Content, Failure } from '../components/states.tsx'
import { SureButton } from '../components/sure-button.tsx'
import { t } from '../language.ts'
import { useAction, useLoad } from '../loading.ts'
import { dateTimeOf } from '../moments.ts'
import { useSession } from '../session.ts'

/** The bridges of the site, and codes that enrol one. */
export function BridgesPanel() {
  const { connection, board } = useSession()
  const api = useMemo(() => createApi(connection, bridgeRoutes), [connection])
  const list = useLoad(
    board.isLoaded ? 'bridges' : undefined,
    async () => (await api('GET /v1/sites/{site}/bridges')).body,
  )
  const action = useAction()
  const [code, setCode] = useState<CodeMade>()
  const make = () =>
    action.run(async () => {
      setCode((await api('POST /v1/sites/{site}/bridges')).body)
      list.reload()
    })
  const revoke = (bridge: string) =>
    action.run(async () => {
      await api('DELETE /v1/sites/{site}/bridges/{bridge}', { path: { bridge } })
      list.reload()
    })
  const button = (
    <button type="button" class="button small" aria-disabled={action.isBusy} onClick={make}>
      <Icon name="plus" small />
      {t('bridges.enrol')}
    </button>
  )
  return (
    <Panel title={t('bridges.title')} actions={button}>
      <Failure text={action.failure} />
      {code && (
        <div class="secret pad">
          <p>{t('bridges.code', { until: dateTimeOf(code.expiresAt) })}</p>
          <p class="row">
            <code>{code.code}</code>
            <CopyButton text={code.code} label={t('action.copy')} />
          </p>
        </div>
      )}
      <Content of={list}>
        {({ bridges }) => (
          <ul class="rows">
            {bridges.map((bridge) => (
              <li key={bridge.key} class="row">
                <code>{bridge.key}</code>
                <span class="note">
                  {t(`bridges.state.${bridge.state}`)} · {dateTimeOf(bridge.enrolledAt ?? bridge.createdAt)}
                </span>
                {bridge.state !== 'revoked' && (
                  <span class="end">
                    <SureButton label={t('action.revoke')} name={bridge.key} onSure={() => revoke(bridge.key)} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Content>
    </Panel>
  )
}
