import { useMemo, useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { webhookRoutes } from '../../contracts/routes/webhooks.ts'
import type { Replay, ReplayRequest } from '../../contracts/webhook.ts'
import { Select } from '../components/fields.tsx'
import { Failure } from '../components/states.tsx'
import { plural, t } from '../language.ts'
import { useAction } from '../loading.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'

const hourMs = 3_600_000
const periods = { hour: hourMs, day: 24 * hourMs, week: 168 * hourMs, month: 720 * hourMs } as const
type Period = keyof typeof periods
const kinds = { undelivered: ['failed', 'held'], all: ['failed', 'held', 'delivered'] } as const
type Kind = keyof typeof kinds

/** Sends many deliveries of a receiver again. It first counts them, and sends only as many as the person has seen. */
export function ReplayForm({ webhook, onStarted }: { webhook: string; onStarted: () => void }) {
  const { connection } = useSession()
  const { say } = useShell()
  const api = useMemo(() => createApi(connection, webhookRoutes), [connection])
  const action = useAction()
  const [period, setPeriod] = useState<Period>('day')
  const [kind, setKind] = useState<Kind>('undelivered')
  /** The request that was counted, with the answer. */
  const [counted, setCounted] = useState<{ request: ReplayRequest; found: Replay }>()
  const ask = async (body: ReplayRequest) =>
    (await api('POST /v1/sites/{site}/webhooks/{webhook}/replay', { path: { webhook }, body })).body
  const count = () =>
    action.run(async () => {
      setCounted(undefined)
      const [from, to] = [Date.now() - periods[period], Date.now()].map((ms) => new Date(ms).toISOString())
      const request = { ...(from && to && { from, to }), states: [...kinds[kind]] }
      setCounted({ request, found: await ask(request) })
    })
  const send = ({ request, found }: { request: ReplayRequest; found: Replay }) =>
    action.run(async () => {
      const { count: sent } = await ask({ ...request, count: found.count })
      setCounted(undefined)
      say({ text: plural('replay.started', sent), undo: undefined })
      onStarted()
    })
  const choose = <T,>(set: (value: T) => void) => {
    return (value: T) => {
      setCounted(undefined)
      set(value)
    }
  }
  return (
    <div class="section">
      <h3>{t('replay.title')}</h3>
      <div class="row fields-row">
        <Select
          label={t('replay.which')}
          value={kind}
          options={(['undelivered', 'all'] as const).map((one) => [one, t(`replay.${one}`)] as const)}
          onChoose={choose(setKind)}
        />
        <Select
          label={t('replay.period')}
          value={period}
          options={(['hour', 'day', 'week', 'month'] as const).map((one) => [one, t(`replay.${one}`)] as const)}
          onChoose={choose(setPeriod)}
        />
        <button type="button" class="button end" aria-disabled={action.isBusy} onClick={count}>
          {t('replay.count')}
        </button>
      </div>
      {counted && (
        <p class="row" role="status">
          {plural(counted.found.isMore ? 'replay.foundMore' : 'replay.found', counted.found.count)}
          {counted.found.count > 0 && (
            <button
              type="button"
              class="button primary end"
              aria-disabled={action.isBusy}
              onClick={() => send(counted)}
            >
              {t('replay.send')}
            </button>
          )}
        </p>
      )}
      <Failure text={action.failure} />
    </div>
  )
}
