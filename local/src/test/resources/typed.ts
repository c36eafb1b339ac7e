// The client with the types of openapi-typescript: what compiles, and what must not.
import { Client } from "./meterkite";
import type { paths } from "./meterkite-paths";

const typed = new Client<paths>({ baseUrl: "https://app.example.com/api", token: () => "t" });

export async function calls(): Promise<void> {
  const debit = await typed.call("debit-credits", { user_id: "ada", amount: 3 });
  const available: number = debit.available;
  const transaction: string | undefined = debit.transaction?.transaction_id;
  const usage = { provider: "openai", model_id: "gpt-4o", input_tokens: 3 };
  await typed.call("debit-credits", { user_id: "ada", usage }, { key: "answer-1" });
  await typed.call("hold-credits", { user_id: "ada", amount: 3 });
  const statement = await typed.read("credit-statement", { user_id: "ada" });
  const remaining: number | undefined = statement.lots[0]?.remaining;
  // @ts-expect-error a misspelt field
  await typed.call("debit-credits", { user_id: "ada", amont: 3 });
  // @ts-expect-error a field of another type
  await typed.call("debit-credits", { user_id: "ada", amount: "3" });
  // @ts-expect-error a field that is missing
  await typed.call("debit-credits", { amount: 3 });
  // @ts-expect-error no such function
  await typed.call("debit-credit", { user_id: "ada" });
  // @ts-expect-error a function that takes a POST
  await typed.read("debit-credits");
  // @ts-expect-error a function that takes a GET
  await typed.call("credit-statement", {});
  // @ts-expect-error a member that no answer has
  console.log(debit.balnce, available, transaction, remaining);

  const untyped = new Client({ baseUrl: (name) => `https://${name}.example.com`, token: async () => "t" });
  const answer = await untyped.call("a-later-function", { anything: 1 });
  console.log(answer["balance"]);
}
