import { type PersonalArea, personalAreas } from '../../contracts/scopes.ts'
import {
  archivedCallShape,
  callShape,
  cdrShape,
  endpointShape,
  queueCallerPartShape,
  queueMemberPartShape,
  timeLineShape,
} from '../../functions/domain/personal/shapes.ts'

/** What each object of the API, of the WebSocket and of webhooks is called, the area of its scope, and its shape. */
const objects: readonly { name: string; area: PersonalArea; shape: object }[] = [
  { name: 'endpoint', area: 'presence', shape: endpointShape },
  { name: 'live call of the WebSocket', area: 'presence', shape: callShape },
  { name: 'member of a queue', area: 'presence', shape: queueMemberPartShape },
  { name: 'waiting caller of a queue', area: 'presence', shape: queueCallerPartShape },
  { name: 'call of the HTTP API', area: 'calls', shape: archivedCallShape },
  { name: 'state of a time line', area: 'calls', shape: timeLineShape },
  { name: 'CDR', area: 'cdrs', shape: cdrShape },
]

const words: Readonly<Record<string, string>> = {
  number: 'at most its last two digits',
  extension: 'up to six digits; of a longer number the last two',
  name: '`…`',
  text: '`…`',
  channel: 'the device; `…` instead of anything that may be a number',
  omitted: 'nothing: the field is left out',
}

/** Renders the tables of docs/data-protection.md from the shapes with which the functions hide data. */
export function personalTables(): string {
  return objects
    .map(({ name, area, shape }) => {
      const fields = fieldsOf(shape)
      const rows = fields
        .filter(([, kind]) => kind !== 'shown')
        .map(([path, kind]) => `| \`${path}\` | ${words[kind]} |`)
      const shown = fields.filter(([, kind]) => kind === 'shown').map(([path]) => `\`${path}\``)
      return [
        `### ${name[0]?.toUpperCase()}${name.slice(1)}`,
        '',
        `| field | a key without \`${personalAreas[area]}\` sees |`,
        '| --- | --- |',
        ...rows,
        '',
        `Shown to every reader: ${shown.join(', ')}.`,
      ].join('\n')
    })
    .join('\n\n')
}

/** Returns each field of a shape with its kind. A field of an object or of the objects of a list is a path. */
function fieldsOf(shape: object, path = ''): [path: string, kind: string][] {
  return Object.entries(shape).flatMap(([name, how]): [string, string][] =>
    typeof how === 'object' ? fieldsOf(how, `${path}${name}.`) : [[`${path}${name}`, String(how)]],
  )
}
