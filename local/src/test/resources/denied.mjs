// node denied.mjs USER OTHER FIRESTORE: what a signed-in user may do to its own documents and to
// those of another user. Ends with 1 and a line for each that is not as it should be.
import { initializeApp } from "firebase/app";
import {
  addDoc, collection, connectFirestoreEmulator, deleteDoc, doc, getDoc, getDocs, getFirestore,
  limit, orderBy, query, serverTimestamp, setDoc, terminate, updateDoc, where,
} from "firebase/firestore";

const [user, other, firestore] = process.argv.slice(2);
const [host, port] = firestore.split(":");
const db = getFirestore(initializeApp({ projectId: "meterkite-local", apiKey: "local" }));
connectFirestoreEmulator(db, host, Number(port), { mockUserToken: { sub: user, user_id: user } });

const LISTS = ["credit_transactions", "podcast_jobs", "credit_holds"];
const listOf = (name, owner) => getDocs(
  query(collection(db, name), where("user_id", "==", owner), orderBy("created_at", "desc"), limit(20)),
);
const ownJob = doc(db, "podcast_jobs", "own-1");
const job = (owner, status, id = "j-1") => ({
  job_id: id, user_id: owner, topic: "Kites", duration_min: 5, status,
  created_at: serverTimestamp(),
});
const allowed = {
  "own balance": () => getDoc(doc(db, "users", user)),
  ...Object.fromEntries(LISTS.map((name) => [`own ${name}`, () => listOf(name, user)])),
  "order of a job": () => setDoc(ownJob, job(user, "queued", "own-1")),
  "cancellation of the own job": () => updateDoc(ownJob, { status: "cancelled" }),
};
const denied = {
  "balance of another": () => getDoc(doc(db, "users", other)),
  "all users": () => getDocs(collection(db, "users")),
  ...Object.fromEntries(LISTS.map((name) => [`${name} of another`, () => listOf(name, other)])),
  ...Object.fromEntries(
    LISTS.map((name) => [`${name} of all`, () => getDocs(query(collection(db, name), limit(1)))]),
  ),
  "raise of the own balance": () => updateDoc(doc(db, "users", user), { credits_balance: 1e6 }),
  "deletion of the own user": () => deleteDoc(doc(db, "users", user)),
  "transaction of its own": () =>
    addDoc(collection(db, "credit_transactions"), { user_id: user, type: "purchase", amount: 9 }),
  "job for another": () => setDoc(doc(db, "podcast_jobs", "j-1"), job(other, "queued")),
  "completion of the own job": () => updateDoc(ownJob, { status: "completed" }),
  "deletion of the own job": () => deleteDoc(ownJob),
  "job that is completed": () => setDoc(doc(db, "podcast_jobs", "j-1"), job(user, "completed")),
};

const ended = (work) => work().then(() => "allowed", (error) => error.code);
let right = 0;
for (const [cases, wanted] of [[allowed, "allowed"], [denied, "permission-denied"]]) {
  for (const [name, work] of Object.entries(cases)) {
    const found = await ended(work);
    if (found === wanted) right++;
    else console.log(`${name}: ${found}, not ${wanted}`);
  }
}
console.log(`${right} as expected`);
await terminate(db);
process.exit(right === Object.keys(allowed).length + Object.keys(denied).length ? 0 : 1);
