import { strings } from '../strings.ts'

const words = strings.pages
const pages = ['board', 'search', 'marks'] as const
export type PageName = (typeof pages)[number]

export function PageTabs({ page, onTurn }: { page: PageName; onTurn: (page: PageName) => void }) {
  return (
    <nav class="tabs" aria-label={words.label}>
      {pages.map((name) => (
        <button key={name} type="button" aria-current={name === page ? 'page' : undefined} onClick={() => onTurn(name)}>
          {words[name]}
        </button>
      ))}
    </nav>
  )
}
