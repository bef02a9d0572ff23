import type { EndpointState } from '../contracts/facts.ts'
import { dialledAs, ownPhone } from './extension.ts'
import { t } from './language.ts'

const stored = 'switchhook.notifies'

/** Whether the browser says so when one's own phone rings. */
export function isNotifying(): boolean {
  return localStorage.getItem(stored) === 'on' && 'Notification' in globalThis && Notification.permission === 'granted'
}

/** Turns notifications on or off. Resolves to whether they are on now: the browser asks the person, who may refuse. */
export async function setNotifying(isOn: boolean): Promise<boolean> {
  if (!isOn || !('Notification' in globalThis)) {
    localStorage.removeItem(stored)
    return false
  }
  const permission = await Notification.requestPermission()
  localStorage.setItem(stored, permission === 'granted' ? 'on' : 'off')
  return permission === 'granted'
}

/** Shows a notification if the phone that starts to ring is one's own. */
export function announceRing(state: EndpointState): void {
  if (state.endpoint !== ownPhone() || !isNotifying() || document.visibilityState === 'visible') return
  const shown = new Notification(t('notify.rings', { extension: dialledAs(state) ?? state.resource }), {
    tag: state.endpoint,
  })
  shown.onclick = () => window.focus()
}
