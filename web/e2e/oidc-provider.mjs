// A provider of OpenID Connect for the tests of single sign-on: node oidc-provider.mjs '{"redirect": …, "home": …, "people": …}'
//
// It listens on a free port of this machine, prints {"issuer": …} and ends when its standard input does. Whoever comes with
// the header x-person is signed in as that person at once: what is tested is the way there and back, not a page of forms.
// A person is {claims: {…}, amr: […], acr: …}; the claims are those of the user-info address, as providers keep to it.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const { redirect, home, people } = JSON.parse(process.argv[2]);

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'anju',
    client_secret: 'a secret of the tests',
    redirect_uris: [redirect],
    post_logout_redirect_uris: [home],
  }],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'test' }] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  claims: { openid: ['sub', 'acr', 'amr'], profile: ['name', 'preferred_username', 'groups'], email: ['email', 'email_verified'] },
  scopes: ['openid', 'profile', 'email'],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  ttl: { IdToken: 60, AuthorizationCode: 60, AccessToken: 60, Session: 600, Interaction: 600, Grant: 600 },
  findAccount: (_, id) => (people[id] ? { accountId: id, claims: () => ({ sub: id, ...people[id].claims }) } : undefined),
  async loadExistingGrant(context) {
    const { client, session, provider: own } = context.oidc;
    const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/sign-in/')) return answer(request, response);
  const person = request.headers['x-person'];
  const result = people[person]
    ? { login: { accountId: person, amr: people[person].amr, acr: people[person].acr } }
    : { error: 'access_denied', error_description: 'nobody signed in' };
  try {
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
console.log(JSON.stringify({ issuer }));
