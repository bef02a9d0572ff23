import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../components/icon.tsx'
import { Panel, TableBox } from '../components/panel.tsx'
import { t } from '../language.ts'

interface ChartPanelProps {
  title: string
  note: string
  isWide?: boolean
  /** Headings of the table with the same figures; the first column names the row. */
  head: readonly string[]
  rows: readonly (readonly string[])[]
  /** Draws the chart for a width in CSS pixels, so that its text keeps its size. */
  children: (width: number) => ComponentChildren
}

/** A chart, or the table with the same figures. */
export function ChartPanel({ title, note, isWide, head, rows, children }: ChartPanelProps) {
  const [isTable, setTable] = useState(false)
  const { box, width } = useWidth()
  const button = (
    <button type="button" class="button ghost small" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
      <Icon name="table" small />
      {t('stats.asTable')}
    </button>
  )
  return (
    <Panel title={title} note={note} actions={button} class={isWide ? 'wide' : ''}>
      <div ref={box} class="chart-box">
        {isTable ? (
          <TableBox label={title}>
            <table>
              <thead>
                <tr>
                  {head.map((text, n) => (
                    <th key={text} scope="col" class={n > 0 ? 'figure' : undefined}>
                      {text}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map(([name = '', ...cells]) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    {cells.map((text, n) => (
                      <td key={head[n + 1]} class="figure">
                        {text}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </TableBox>
        ) : (
          width > 0 && children(width)
        )}
      </div>
    </Panel>
  )
}

function useWidth() {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    if (box.current) observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  return { box, width }
}
