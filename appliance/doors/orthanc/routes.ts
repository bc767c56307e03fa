import type { Hono } from 'hono'
import type { HttpEnv } from '../../host/http/http.ts'
import type { Desk } from './desk.ts'

export type App = Hono<{ Bindings: HttpEnv }>

/** What a file of this folder brings: its routes, put on the application. */
export type Routes = (app: App, desk: Desk) => void
