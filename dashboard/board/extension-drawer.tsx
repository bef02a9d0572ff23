import type { Call } from '../../contracts/calls.ts'
import { calleeLabel, partyLabel } from '../call-parties.ts'
import { Drawer } from '../components/drawer.tsx'
import { Icon } from '../components/icon.tsx'
import { Party } from '../components/party.tsx'
import { Result } from '../components/result.tsx'
import { Content } from '../components/states.tsx'
import { Timer } from '../components/timer.tsx'
import { busyWords, type ExtensionView } from '../extension-view.ts'
import { number, t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { dateTimeOf } from '../moments.ts'
import { addressOf } from '../router.ts'
import { useSession } from '../session.ts'
import { CallForm } from './call-form.tsx'
import { ExtensionSettings } from './extension-settings.tsx'

const callsShown = 5

/** One extension: its state, a call, its settings, its devices and its last calls. */
export function ExtensionDrawer({ view, backTo }: { view: ExtensionView; backTo: string }) {
  const { board, may } = useSession()
  const { extension, name, word, peer } = view
  const title = (
    <>
      <bdi>{name || extension}</bdi> {name && <span class="detail">{extension}</span>}
    </>
  )
  return (
    <Drawer title={title} backTo={backTo}>
      <div class="section">
        <p class="row">
          <span class="tinted" data-state={word}>
            <Icon name={word} small />
            {t(`state.${word}`)}
          </span>
          {peer && <Party label={peer} />}
          {busyWords.has(word) && <Timer sinceMs={view.sinceMs} clock={board.clock} />}
        </p>
        {may('calls:write') && view.isDialled && <CallForm callee={extension} />}
      </div>
      <ExtensionSettings view={view} />
      <div class="section">
        <h3>{t('drawer.devices')}</h3>
        <ul>
          {view.devices.map(({ endpoint, reachability, roundTripMs }) => (
            <li key={endpoint} class="row">
              <Icon
                name={reachability === 'online' ? 'available' : reachability === 'offline' ? 'offline' : 'unknown'}
                small
              />
              <bdi>{endpoint}</bdi>
              <span class="note">
                {t(`reachability.${reachability}`)}
                {roundTripMs !== undefined && `, ${t('trunk.roundTrip', { ms: number(Math.round(roundTripMs)) })}`}
              </span>
            </li>
          ))}
        </ul>
      </div>
      {may('calls:read') && may('cdrs:personal') && <LastCalls extension={extension} />}
    </Drawer>
  )
}

function LastCalls({ extension }: { extension: string }) {
  const { board } = useSession()
  const calls = useLoad(extension, async () => {
    const page = await board.archive.listCalls({ party: extension, limit: String(callsShown) })
    return page.calls
  })
  return (
    <div class="section">
      <h3>{t('drawer.lastCalls')}</h3>
      <Content of={calls}>
        {(found: readonly Call[]) =>
          found.length === 0 ? (
            <p class="note">{t('ended.none')}</p>
          ) : (
            <ul class="last-calls">
              {found.map((call) => (
                <li key={call.call}>
                  <a href={addressOf('calls', call.call)}>
                    <span class="time">{dateTimeOf(call.startedAt)}</span>
                    <Party label={call.caller.number === extension ? calleeLabel(call) : partyLabel(call.caller)} />
                    <Result result={call.result} />
                  </a>
                </li>
              ))}
            </ul>
          )
        }
      </Content>
    </div>
  )
}
