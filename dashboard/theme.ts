export const themes = ['light', 'dark'] as const
export type Theme = (typeof themes)[number]

const stored = 'switchhook.theme'

/** Shows the theme that a person chose, or else the one of the system, also when that changes. */
export function startTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const show = () => {
    document.documentElement.dataset['theme'] = chosen() ?? (system.matches ? 'dark' : 'light')
  }
  system.addEventListener('change', show)
  show()
}

export function currentTheme(): Theme {
  return document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light'
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(stored, theme)
  document.documentElement.dataset['theme'] = theme
}

function chosen(): Theme | undefined {
  const text = localStorage.getItem(stored)
  return themes.find((theme) => theme === text)
}
