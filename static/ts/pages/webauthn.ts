// SPDX-License-Identifier: EUPL-1.2
// Passkeys and security keys on the pages of django-allauth. Its templates name, in a JSON data block, the
// elements of the page and what to do with them; this script does it with WebAuthn's own JSON forms (Level 3, § 5.1).
import { findAll } from './page/elements'
import { getJson } from './page/server'

interface Ids {
  readonly credential: string
  readonly data?: string
  readonly add?: string
  readonly authenticate?: string
  readonly login?: string
  readonly passwordless?: string
}
interface CreationOptions {
  readonly creation_options: { readonly publicKey: PublicKeyCredentialCreationOptionsJSON }
}
interface RequestOptions {
  readonly request_options: { readonly publicKey: PublicKeyCredentialRequestOptionsJSON }
}
type Ceremony = (ids: Ids) => Promise<Credential | null>

const CEREMONIES: Record<string, Ceremony> = {
  'allauth.webauthn.forms.addForm': add,
  'allauth.webauthn.forms.authenticateForm': authenticate,
  'allauth.webauthn.forms.loginForm': login,
}

/** A new credential; a passkey if the box for signing in without a password is ticked. */
async function add(ids: Ids): Promise<Credential | null> {
  const { publicKey } = (dataOf(ids) as CreationOptions).creation_options
  const isPasskey = input(ids.passwordless)?.checked ?? false
  const selection: AuthenticatorSelectionCriteria = {
    ...publicKey.authenticatorSelection,
    residentKey: isPasskey ? 'required' : 'discouraged',
    requireResidentKey: isPasskey,
    ...(isPasskey && { userVerification: 'required' }),
  }
  const options = { ...publicKey, authenticatorSelection: selection }
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
}

async function authenticate(ids: Ids): Promise<Credential | null> {
  return get(dataOf(ids) as RequestOptions)
}

/** Nobody has said who they are yet: the challenge is fetched when the button is pressed. */
async function login(ids: Ids): Promise<Credential | null> {
  const action = input(ids.credential)?.form?.action ?? ''
  return get((await getJson(action)) as RequestOptions)
}

async function get(data: RequestOptions): Promise<Credential | null> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(data.request_options.publicKey)
  return navigator.credentials.get({ publicKey })
}

function dataOf(ids: Ids): unknown {
  return JSON.parse(document.getElementById(ids.data ?? '')?.textContent ?? 'null')
}

function input(id: string | undefined): HTMLInputElement | null {
  const element = document.getElementById(id ?? '')
  return element instanceof HTMLInputElement ? element : null
}

function show(message: 'failed' | 'unsupported', isShown = true): void {
  for (const element of findAll(document, `[data-webauthn-${message}]`)) element.hidden = !isShown
}

async function submit(ceremony: Ceremony, ids: Ids): Promise<void> {
  const field = input(ids.credential)
  show('failed', false)
  try {
    const credential = await ceremony(ids)
    if (!field?.form || !(credential instanceof PublicKeyCredential)) throw new Error('no credential')
    field.value = JSON.stringify(credential)
    field.form.submit()
  } catch {
    show('failed') // the browser tells pages no more: a reason would tell which keys exist
  }
}

function bind(block: HTMLElement): void {
  const ceremony = CEREMONIES[block.dataset.allauthOnload ?? '']
  const { ids } = JSON.parse(block.textContent) as { ids: Ids }
  const button = document.getElementById(ids.add ?? ids.authenticate ?? ids.login ?? '')
  if (!ceremony || !button) return
  button.addEventListener('click', (event) => {
    event.preventDefault()
    if ('PublicKeyCredential' in window) void submit(ceremony, ids)
    else show('unsupported')
  })
}

for (const block of findAll(document, 'script[data-allauth-onload]')) bind(block)
