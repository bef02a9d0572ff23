import { useMemo } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import type { BridgeStatus } from '../../contracts/bridge-status.ts'
import { endpointRoutes } from '../../contracts/routes/endpoints.ts'
import { Icon } from '../components/icon.tsx'
import { Panel } from '../components/panel.tsx'
import { Content } from '../components/states.tsx'
import { plural, t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { dateTimeOf, duration } from '../moments.ts'
import type { Route } from '../router.ts'
import { useSession } from '../session.ts'
import { BridgesPanel } from './bridges-panel.tsx'
import { ChecksPanel } from './checks-panel.tsx'
import { VerifyPanel } from './verify-panel.tsx'

/** How well the site works: the way from the phone to the page, the bridges, and the call records against the PBX's own. */
export function SystemPage({ item }: Route) {
  const { connection, board, may } = useSession()
  const api = useMemo(() => createApi(connection, endpointRoutes), [connection])
  const { pbx, status } = board.live
  // Read again when the live connection reports a change.
  const key = board.isLoaded ? `${status.state} ${board.doubt} ${pbx?.v}` : undefined
  const bridge = useLoad(key, async (signal) => (await api('GET /v1/sites/{site}/bridge', { signal })).body)
  return (
    <main>
      <header class="top">
        <h1>{t('page.system')}</h1>
        <span class="end">
          <button type="button" class="button" aria-disabled={bridge.isLoading} onClick={bridge.reload}>
            <Icon name="refresh" small />
            {t('system.again')}
          </button>
        </span>
      </header>
      <div class="page">
        <Panel title={t('system.path')}>
          <Content of={bridge}>{(known) => <Path known={known} />}</Content>
        </Panel>
        <div class="columns">
          {may('cdrs:read') && <VerifyPanel chosen={item} />}
          {may('bridge:manage') && <BridgesPanel />}
          {bridge.data && <ChecksPanel checks={bridge.data.checks} />}
          <Panel title={t('system.gaps')} note={t('system.gapsNote')}>
            <Content of={bridge}>
              {({ lastGap }) =>
                lastGap ? (
                  <dl class="facts pad">
                    <div>
                      <dt>{t('system.gapFrom')}</dt>
                      <dd>{dateTimeOf(lastGap.from)}</dd>
                    </div>
                    <div>
                      <dt>{t('system.gapLasted')}</dt>
                      <dd>{duration((Date.parse(lastGap.to) - Date.parse(lastGap.from)) / 1_000)}</dd>
                    </div>
                    <div>
                      <dt>{t('system.gapReason')}</dt>
                      <dd>{lastGap.reason}</dd>
                    </div>
                  </dl>
                ) : (
                  <p class="note pad">{t('system.noGap')}</p>
                )
              }
            </Content>
          </Panel>
        </div>
      </div>
    </main>
  )
}

type Tone = 'good' | 'warning' | 'bad' | 'unknown'

interface Hop {
  name: string
  tone: Tone
  state: string
  detail: string
}

/** The stations from the phone to the page. Of what lies behind a broken one, nobody knows. */
function Path({ known }: { known: BridgeStatus }) {
  return (
    <ol class="path">
      {usePath(known).map(({ name, tone, state, detail }) => (
        <li key={name} data-tone={tone}>
          <h3>
            <span class="dot" aria-hidden="true" />
            {name}
          </h3>
          <p>
            <b>{state}</b>
          </p>
          <p class="note">{detail}</p>
        </li>
      ))}
    </ol>
  )
}

function usePath({ bridge, pbx, lastHeard }: BridgeStatus): Hop[] {
  const { board } = useSession()
  const isLost = bridge.state !== 'connected'
  const isUp = pbx?.state === 'up'
  const calls = plural('system.calls', board.live.calls.size)
  const phones = plural('frame.extensions', board.extensions.length)
  return [
    {
      name: t('system.pbx'),
      tone: isLost || !pbx ? 'unknown' : isUp ? 'good' : 'bad',
      state:
        isLost || !pbx
          ? t('system.notKnown')
          : t(isUp ? 'system.pbxUp' : 'system.pbxDown', { since: dateTimeOf(pbx.since) }),
      detail: isLost ? '' : [pbx?.version && `Asterisk ${pbx.version}`, phones, calls].filter(Boolean).join(', '),
    },
    {
      name: t('system.bridge'),
      tone: isLost ? 'bad' : 'good',
      state: t(`system.bridge.${bridge.state}`, { since: dateTimeOf(bridge.since) }),
      detail: [
        bridge.version && t('system.version', { version: bridge.version }),
        lastHeard && t('system.seen', { at: dateTimeOf(lastHeard) }),
      ]
        .filter(Boolean)
        .join(', '),
    },
    { name: t('system.cloud'), tone: 'good', state: t('system.cloudUp'), detail: board.connection.apiUrl },
    {
      name: t('system.page'),
      tone: board.live.status.state === 'connected' ? 'good' : 'bad',
      state: t(`connection.${board.live.status.state}`),
      detail: t('connection.since', { time: dateTimeOf(new Date(board.live.status.since).toISOString()) }),
    },
  ]
}
