import type { Status } from '../../client/index.ts'
import { timeOf } from '../moments.ts'
import { strings } from '../strings.ts'
import { Icon } from './icon.tsx'

export function Header({ site, status, onLeave }: { site: string; status: Status; onLeave: () => void }) {
  const since = timeOf(status.since, Date.now())
  return (
    <header class="top">
      <p class="brand">
        <Icon name="on-call" />
        <span>{strings.product}</span>
      </p>
      <h1>{site}</h1>
      <p class="pill" role="status" data-connection={status.state}>
        <span class="dot" aria-hidden="true" />
        {strings.connection[status.state](since)}
      </p>
      <button type="button" class="quiet" onClick={onLeave}>
        {strings.changeSite}
      </button>
    </header>
  )
}
