// The same debit as a Node function would do it: verify the token, then one transaction that reads the user and the
// transaction document named by the idempotency key, and writes both.
import { createHash } from 'node:crypto';
import { http } from '@google-cloud/functions-framework';
import { Firestore } from '@google-cloud/firestore';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const issuer = JSON.parse(process.env.TOKEN_ISSUERS)[0];
const services = new Set(process.env.SERVICE_ACCOUNTS.split(','));
const keys = createRemoteJWKSet(new URL(issuer.jwks_uri));
const firestore = new Firestore({ projectId: process.env.GOOGLE_CLOUD_PROJECT });

const problem = (response, status, code) =>
  response.status(status).type('application/problem+json').send({ status, code });

http('debit', async (request, response) => {
  let claims;
  try {
    const token = (request.get('Authorization') ?? '').replace(/^Bearer /, '');
    claims = (await jwtVerify(token, keys, { issuer: issuer.issuer, audience: issuer.audiences })).payload;
  } catch {
    return problem(response, 401, 'unauthenticated');
  }
  if (!claims.email_verified || !services.has(claims.email)) return problem(response, 403, 'forbidden');
  const key = request.get('Idempotency-Key');
  const { user_id: userId, amount } = request.body ?? {};
  if (!key || typeof userId !== 'string' || !Number.isSafeInteger(amount) || amount < 1) {
    return problem(response, 400, 'invalid_request');
  }
  const id = createHash('sha256').update(`debit ${userId} ${key}`).digest('hex');
  const user = firestore.doc(`users/${userId}`);
  const marker = firestore.doc(`credit_transactions/${id}`);
  const answer = await firestore.runTransaction(async (transaction) => {
    const [found, known] = await transaction.getAll(user, marker);
    if (known.exists) return { status: 200, body: known.data() };
    if (!found.exists) return { status: 404, body: { code: 'not_found' } };
    const balance = found.get('credits_balance');
    if (balance < amount) return { status: 402, body: { code: 'insufficient_credits', balance } };
    const body = { user_id: userId, amount: -amount, balance_after: balance - amount, created_at: new Date() };
    transaction.update(user, { credits_balance: balance - amount, updated_at: new Date() });
    transaction.create(marker, body);
    return { status: 200, body };
  });
  response.status(answer.status).send(answer.body);
});
