import { useEffect } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { statsRoutes } from '../../contracts/routes/stats.ts'
import { number, t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { dayOf } from '../moments.ts'
import { useSession } from '../session.ts'
import { Figure } from './figure.tsx'

const againMs = 60_000

/** How many of today's calls were answered and missed; read again each minute. */
export function TodayFigures() {
  const { connection, board } = useSession()
  const today = dayOf(Date.now())
  const stats = useLoad(board.isLoaded ? today : undefined, async (signal) => {
    const query = { from: today, to: today, by: 'day' as const }
    return (await createApi(connection, statsRoutes)('GET /v1/sites/{site}/stats', { query, signal })).body.total
  })
  const { reload } = stats
  useEffect(() => {
    const timer = setInterval(reload, againMs)
    return () => clearInterval(timer)
  }, [reload])
  if (!stats.data) return null
  const { answerSeizureRatio, abandoned } = stats.data
  const percent = t('stats.percent', { value: number(Math.round(100 * answerSeizureRatio)) })
  return (
    <>
      <Figure title={t('wall.answeredToday')} value={percent} />
      <Figure title={t('wall.missedToday')} value={number(abandoned)} />
    </>
  )
}
