export { prepareAsterisk as default } from './prepare.ts'
