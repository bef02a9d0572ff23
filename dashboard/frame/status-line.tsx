import { t } from '../language.ts'
import { timeOf } from '../moments.ts'
import { useSession } from '../session.ts'

/** Whether the page is live, in a word and a shape. */
export function StatusLine() {
  const { board } = useSession()
  const { status } = board.live
  const isBad = status.state === 'connected' && board.doubt !== undefined
  return (
    <p class="status" role="status" data-connection={status.state} data-doubt={board.doubt}>
      <span class="dot" aria-hidden="true" />
      <span class="label">
        <b>{isBad ? t('connection.doubtful') : t(`connection.${status.state}`)}</b>
        {status.state !== 'connected' && status.state !== 'connecting' && (
          <span> {t('connection.since', { time: timeOf(status.since, Date.now()) })}</span>
        )}
      </span>
    </p>
  )
}
