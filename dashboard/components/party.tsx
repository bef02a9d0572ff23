import type { Label } from '../call-parties.ts'

/** A number of usual length stays on one line. */
function isNumber(text: string): boolean {
  return /^\+?\d[\d\s]{0,22}$/.test(text)
}

/** A name in bold and the number beside it. `bdi` keeps a right-to-left name from turning its surroundings. */
export function Party({ label: { main, detail } }: { label: Label }) {
  return (
    <span class="party">
      <bdi class={isNumber(main) ? 'name number-name' : 'name'}>{main}</bdi>
      {detail && (
        <>
          {' '}
          <bdi class="detail">{detail}</bdi>
        </>
      )}
    </span>
  )
}
