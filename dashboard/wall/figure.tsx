import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from '../components/icon.tsx'

interface FigureProps {
  icon?: IconName
  state?: string | undefined
  title: string
  value: string
  children?: ComponentChildren
}

/** One big figure of the wall. */
export function Figure({ icon, state, title, value, children }: FigureProps) {
  return (
    <div data-state={state}>
      <dt>
        {icon && <Icon name={icon} />}
        {title}
      </dt>
      <dd>
        {value} {children && <small>{children}</small>}
      </dd>
    </div>
  )
}
