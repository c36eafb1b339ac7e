// node watch.js WATCHED FIRESTORE [SIGNED IN]: balance and available, whenever they change
import { initializeApp } from "firebase/app";
import { connectFirestoreEmulator, doc, getFirestore, onSnapshot } from "firebase/firestore";
import { watchBalance } from "./meterkite.js";

declare const process: { argv: string[]; exit(code: number): never };
const [watched, firestore, signedIn = watched] = process.argv.slice(2) as [string, string, string?];
const [host, port] = firestore.split(":") as [string, string];
const db = getFirestore(initializeApp({ projectId: "meterkite-local", apiKey: "local" }));
const mockUserToken = { sub: signedIn, user_id: signedIn };
connectFirestoreEmulator(db, host, Number(port), { mockUserToken });

watchBalance(
  { doc, onSnapshot },
  db,
  watched,
  (balance) => console.log(balance ? `${balance.balance} ${balance.available}` : "nobody"),
  (error) => {
    console.log("code" in error ? error.code : error);
    process.exit(0);
  },
);
