import { useMemo, useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import type { KeyInfo, KeyMade } from '../../contracts/key.ts'
import { keyRoutes } from '../../contracts/routes/keys.ts'
import { Icon, type IconName } from '../components/icon.tsx'
import { Panel, TableBox } from '../components/panel.tsx'
import { SecretNote } from '../components/secret-note.tsx'
import { Content, Failure } from '../components/states.tsx'
import { SureButton } from '../components/sure-button.tsx'
import { formatConnection } from '../connection.ts'
import { number, t } from '../language.ts'
import { useAction, useLoad } from '../loading.ts'
import { dateTimeOf } from '../moments.ts'
import { useSession } from '../session.ts'
import { type KeyState, keyState } from './key-state.ts'
import { NewKey } from './new-key.tsx'

type Kind = KeyInfo['kind']

/** Keys of the site, or tokens of its wall boards: made, rotated, unfrozen and revoked. */
export function KeysPanel({ kind }: { kind: Kind }) {
  const { connection, board } = useSession()
  const api = useMemo(() => createApi(connection, keyRoutes), [connection])
  const list = useLoad(board.isLoaded ? kind : undefined, async () => {
    const { keys } = (await api('GET /v1/sites/{site}/keys')).body
    return keys.filter((key) => key.kind === kind)
  })
  const action = useAction()
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<KeyMade>()
  const act = (run: () => Promise<unknown>) =>
    action.run(async () => {
      await run()
      list.reload()
    })
  const rotate = (key: string) =>
    act(async () => {
      setMade((await api('POST /v1/sites/{site}/keys/{key}/rotate', { path: { key }, body: {} })).body)
    })
  const actions = {
    onRotate: rotate,
    onRevoke: (key: string) => act(() => api('DELETE /v1/sites/{site}/keys/{key}', { path: { key } })),
    onUnfreeze: (key: string) => act(() => api('DELETE /v1/sites/{site}/keys/{key}/freeze', { path: { key } })),
  }
  const button = (
    <button type="button" class="button primary" onClick={() => setMaking(true)}>
      <Icon name="plus" small />
      {t(`keys.make.${kind}`)}
    </button>
  )
  // The link opens the wall board at once; its token is in the fragment, which browsers never send.
  const link = (secret: string) =>
    `${location.origin}/wall#${formatConnection({ ...connection, key: secret, isReplay: false })}`
  return (
    <>
      {made && (
        <SecretNote
          title={t('keys.secretOf', { name: made.name })}
          secret={kind === 'board' ? link(made.secret) : made.secret}
          hint={t(`keys.secretHint.${kind}`)}
        />
      )}
      <Panel title={t(`settings.${kind}s`)} note={list.data && number(list.data.length)} actions={button}>
        <Failure text={action.failure} />
        <Content of={list}>
          {(keys) =>
            keys.length === 0 ? (
              <p class="note pad">{t(`keys.none.${kind}`)}</p>
            ) : (
              <TableBox label={t(`settings.${kind}s`)}>
                <KeyTable keys={keys} {...actions} />
              </TableBox>
            )
          }
        </Content>
      </Panel>
      {isMaking && (
        <NewKey
          kind={kind}
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false)
            setMade(key)
            list.reload()
          }}
        />
      )}
    </>
  )
}

const look: Readonly<Record<KeyState, { tone: string; icon: IconName }>> = {
  active: { tone: 'good', icon: 'available' },
  expires: { tone: 'warning', icon: 'away' },
  frozen: { tone: 'bad', icon: 'dnd' },
  expired: { tone: 'unknown', icon: 'offline' },
  revoked: { tone: 'unknown', icon: 'offline' },
}

interface KeyTableProps {
  keys: readonly KeyInfo[]
  onRotate: (key: string) => void
  onRevoke: (key: string) => void
  onUnfreeze: (key: string) => void
}

function KeyTable({ keys, onRotate, onRevoke, onUnfreeze }: KeyTableProps) {
  const { connection } = useSession()
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('settings.name')}</th>
          <th scope="col">{t('keys.key')}</th>
          <th scope="col">{t('keys.may')}</th>
          <th scope="col">{t('keys.lastUsed')}</th>
          <th scope="col">{t('keys.expires')}</th>
          <th scope="col">{t('changes.state')}</th>
          <th scope="col">
            <span class="visually-hidden">{t('keys.actions')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => {
          const state = keyState(key, Date.now())
          const isOwn = connection.key.includes(`_${key.key}_`)
          const isOver = state === 'revoked' || state === 'expired'
          return (
            <tr key={key.key} data-key={key.key}>
              <th scope="row">
                <bdi>{key.name}</bdi> {isOwn && <span class="hint">{t('keys.own')}</span>}
              </th>
              <td>
                <code class="key-code">{key.key}</code>
              </td>
              <td class="scopes">{key.scopes.join(', ')}</td>
              <td>{dateTimeOf(key.lastUsedAt)}</td>
              <td>{key.expiresAt ? dateTimeOf(key.expiresAt) : t('keys.never')}</td>
              <td>
                <span class="tinted" data-tone={look[state].tone}>
                  <Icon name={look[state].icon} small />
                  {t(`keys.state.${state}`)}
                </span>
              </td>
              <td class="figure">
                {state === 'frozen' && (
                  <button type="button" class="button small" onClick={() => onUnfreeze(key.key)}>
                    {t('keys.unfreeze')}
                  </button>
                )}{' '}
                {!isOver && key.kind === 'key' && (
                  <SureButton label={t('keys.rotate')} name={key.name} onSure={() => onRotate(key.key)} />
                )}{' '}
                {!isOver && !isOwn && (
                  <SureButton label={t('action.revoke')} name={key.name} onSure={() => onRevoke(key.key)} />
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
