import { Component, type ComponentType, createElement, type VNode } from 'preact'
import { currentLanguage } from './language.ts'

/** Returns a component that is drawn again only if one of its properties or the language has changed. */
export function memo<Props extends object>(draw: (props: Props) => VNode | null): ComponentType<Props> {
  return class extends Component<Props> {
    #language = currentLanguage()

    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const keys = new Set<string>([...Object.keys(this.props), ...Object.keys(next)])
      const values = (props: Readonly<object>) => new Map<string, unknown>(Object.entries(props))
      const [before, after] = [values(this.props), values(next)]
      const isSame =
        currentLanguage() === this.#language && [...keys].every((key) => before.get(key) === after.get(key))
      this.#language = currentLanguage()
      return !isSame
    }

    override render(props: Props) {
      return createElement(draw as ComponentType<Props>, props)
    }
  }
}
