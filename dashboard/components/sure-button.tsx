import { useEffect, useState } from 'preact/hooks'
import { t } from '../language.ts'

/** How long the second press is awaited. */
const sureMs = 5_000

/** A button for what cannot be undone: the first press asks, the second one acts. */
export function SureButton({ label, name, onSure }: { label: string; name: string; onSure: () => void }) {
  const [isAsking, setAsking] = useState(false)
  useEffect(() => {
    if (!isAsking) return
    const timer = setTimeout(() => setAsking(false), sureMs)
    return () => clearTimeout(timer)
  }, [isAsking])
  const press = () => {
    setAsking(!isAsking)
    if (isAsking) onSure()
  }
  return (
    <button type="button" class={isAsking ? 'button small danger solid' : 'button small danger'} onClick={press}>
      {isAsking ? t('action.sure', { action: label }) : label}
      <span class="visually-hidden"> {name}</span>
    </button>
  )
}
