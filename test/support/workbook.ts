import { text } from 'node:stream/consumers'
import yauzl from 'yauzl'

/** A cell of an XLSX file: its type in the file (`s` for text, `n` for a number), its value and its number format. */
export interface WorkbookCell {
  type: string
  value: string
  format: string
}

/** Reads the cells of the first sheet of an XLSX file from its XML, by their addresses: `{ A1: { type: 's', … } }`. */
export async function readWorkbook(bytes: Uint8Array): Promise<Record<string, WorkbookCell>> {
  const files = await unzip(Buffer.from(bytes))
  const strings = [...(files['xl/sharedStrings.xml'] ?? '').matchAll(/<si><t[^>]*>([^<]*)<\/t><\/si>/g)].map(
    ([, one = '']) => unescapeXml(one),
  )
  const styles = files['xl/styles.xml'] ?? ''
  const formats = new Map(
    [...styles.matchAll(/<numFmt numFmtId="(\d+)" formatCode="([^"]*)"/g)].map(([, id, code]) => [id, code]),
  )
  const cellFormats = [...styles.replace(/.*<cellXfs/s, '').matchAll(/<xf ([^>]*)>/g)].map(
    ([, attributes = '']) => formats.get(/numFmtId="(\d+)"/.exec(attributes)?.[1]) ?? 'General',
  )
  const sheet = files['xl/worksheets/sheet1.xml'] ?? ''
  const cells = [...sheet.matchAll(/<c r="([A-Z]+\d+)"([^>]*)>(.*?)<\/c>/gs)].map(
    ([, address = '', attributes = '', content = '']) => {
      const type = /t="(\w+)"/.exec(attributes)?.[1] ?? 'n'
      const raw = /^<v>(.*)<\/v>$/s.exec(content)?.[1] ?? content
      const value = type === 's' ? (strings[Number(raw)] ?? `no text ${raw}`) : raw
      return [address, { type, value, format: cellFormats[Number(/s="(\d+)"/.exec(attributes)?.[1] ?? 0)] ?? '' }]
    },
  )
  return Object.fromEntries(cells)
}

async function unzip(bytes: Buffer): Promise<Record<string, string>> {
  const zip = await yauzl.fromBufferPromise(bytes)
  const files: Record<string, string> = {}
  for await (const entry of zip.eachEntry()) files[entry.fileName] = await text(await zip.openReadStreamPromise(entry))
  return files
}

function unescapeXml(xml: string): string {
  return xml.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
