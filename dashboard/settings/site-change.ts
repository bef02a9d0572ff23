import { createApi } from '../../client/http-client.ts'
import { siteRoutes } from '../../contracts/routes/sites.ts'
import type { SiteChange } from '../../contracts/site.ts'
import { t } from '../language.ts'
import { type Action, useAction } from '../loading.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'

/** Sends a change of the site's properties or settings. What was typed stays if the API refuses it. */
export function useSiteChange(): Action & { change: (change: SiteChange) => Promise<boolean> } {
  const { connection, showSite } = useSession()
  const { say } = useShell()
  const action = useAction()
  const change = (wanted: SiteChange) =>
    action.run(async () => {
      const { body } = await createApi(connection, siteRoutes)('PATCH /v1/sites/{site}', { body: wanted })
      showSite(body)
      say({ text: t('settings.saved'), undo: undefined })
    })
  return { ...action, change }
}

/** Splits a list that a person typed: by commas, spaces or lines. */
export function listOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== '')
}
