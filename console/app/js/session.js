// Who is signed in. Locally the host hands out an admin's token; in the cloud Firebase signs people in, by
// the addresses that Hosting reserves for it.
//
// Statuses: starting, ready, signed_out (a form is shown), no_claim (signed in, not an admin), failed.
import { state, update } from './store.js';

const LOCAL_TOKEN = '/local/token?role=admin';
const FIREBASE = '/__/firebase/';
/** The version of Firebase's SDK that Hosting is asked for. */
const FIREBASE_VERSION = '10.14.1';
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

let bearer = null;
let auth = null;

function set(session) {
  update(() => {
    state.session = { ...state.session, ...session };
  });
}

/** Finds out where the console runs and signs in as far as that goes by itself. */
export async function begin() {
  try {
    bearer = await localToken();
    if (bearer !== null) {
      set({ mode: 'local', status: 'ready', who: 'local admin' });
    } else {
      await beginFirebase();
    }
  } catch (error) {
    set({ status: 'failed', detail: error.message });
  }
}

/** A token of the local host; null where the console does not run there. */
async function localToken() {
  const response = await fetch(LOCAL_TOKEN, { cache: 'no-store' });
  const text = response.ok ? (await response.text()).trim() : '';
  return TOKEN.test(text) ? text : null;
}

async function beginFirebase() {
  const response = await fetch(FIREBASE + 'init.json', { cache: 'no-store' });
  if (!response.ok) {
    throw new Error('Neither the local host nor Firebase Hosting serves this page.');
  }
  const config = await response.json();
  await script('firebase-app-compat.js');
  await script('firebase-auth-compat.js');
  const app = window.firebase.initializeApp(config);
  auth = app.auth();
  set({ mode: 'cloud', project: config.projectId });
  await auth.setPersistence('session');
  auth.onAuthStateChanged((user) => signedIn(user).catch((error) => set({ status: 'failed', detail: error.message })));
}

function script(name) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = FIREBASE + FIREBASE_VERSION + '/' + name;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`Firebase's ${name} could not be loaded.`));
    document.head.append(element);
  });
}

async function signedIn(user) {
  if (!user) {
    bearer = null;
    set({ status: 'signed_out', who: null, uid: null });
    return;
  }
  const result = await user.getIdTokenResult();
  bearer = result.token;
  const status = result.claims.admin === true ? 'ready' : 'no_claim';
  set({ status, who: user.email ?? user.uid, uid: user.uid, detail: null });
}

/** Signs in with an e-mail address and a password. */
export async function signIn(email, password) {
  set({ detail: null });
  try {
    await auth.signInWithEmailAndPassword(email, password);
  } catch (error) {
    set({ detail: error.message });
  }
}

/** Signs out; locally nobody can. */
export async function signOut() {
  await auth?.signOut();
}

/** Looks for the claim again, with a token made now. */
export async function checkAgain() {
  await auth.currentUser.getIdTokenResult(true);
  await signedIn(auth.currentUser);
}

/** The bearer token of the next call. */
export async function token() {
  if (auth?.currentUser) {
    bearer = await auth.currentUser.getIdToken();
  }
  return bearer;
}

/** A token made now, after one was refused. */
export async function renewedToken() {
  bearer = auth ? await auth.currentUser?.getIdToken(true) : await localToken();
  return bearer;
}

/** A function refuses even a new token. */
export function lostAccess() {
  if (auth && !auth.currentUser) {
    set({ status: 'signed_out', who: null });
  }
}
