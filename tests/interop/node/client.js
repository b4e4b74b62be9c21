// TD2.1 then TD3.2 with node-soap: its own envelope, multipart and TLS.
'use strict';
const fs = require('fs');
const path = require('path');
const { randomUUID } = require('crypto');
const soap = require('soap');

const env = process.env;
const data = (name) => path.join(env.INTEROP_DATA, name);
const text = (name) => fs.readFileSync(data(name), 'utf8');
const WSA = 'http://www.w3.org/2005/08/addressing';
const XOP = 'http://www.w3.org/2004/08/xop/include';

// node-soap has no WS-Addressing: the headers are written as text, and so is the VIHF, which stays untouched.
function address(client, action, security) {
  client.clearSoapHeaders();
  client.addSoapHeader(
    `<wsa:Action xmlns:wsa="${WSA}">${action}</wsa:Action>` +
      `<wsa:MessageID xmlns:wsa="${WSA}">urn:uuid:${randomUUID()}</wsa:MessageID>` +
      `<wsa:To xmlns:wsa="${WSA}">${env.INTEROP_URL}</wsa:To>` +
      `<wsa:ReplyTo xmlns:wsa="${WSA}"><wsa:Address>${WSA}/anonymous</wsa:Address></wsa:ReplyTo>`,
  );
  client.addSoapHeader(security);
}

// The answer, or the text of the fault that it is.
async function called(name, promise) {
  try {
    return (await promise)[0];
  } catch (error) {
    const fault = error.root && error.root.Envelope.Body.Fault;
    if (!fault) throw error;
    const reason = fault.Reason.Text;
    console.log(name, 'fault', reason.$value || reason);
    return null;
  }
}

async function main() {
  const client = await soap.createClientAsync(env.INTEROP_WSDL, {
    endpoint: env.INTEROP_URL,
    forceSoap12Headers: true,
    parseReponseAttachments: true, // sic: the name of the option up to 1.1; still read by 1.13
  });
  client.setSecurity(new soap.ClientSSLSecurity(data('client.pem'), data('client.pem'), data('ca.pem')));
  const documents = text('documents.tsv').trimEnd().split('\n').map((line) => line.split('\t'));

  address(client, 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b', text('feed-security.xml'));
  // `$xml` is the whole content of the request: node-soap ignores siblings beside it
  const references = documents.map(
    ([id]) => `<Document id="${id}"><xop:Include xmlns:xop="${XOP}" href="cid:${id}@node"/></Document>`,
  );
  const submission = { $xml: text('submission.xml') + references.join('') };
  const attachments = documents.map(([id, , file]) => ({
    mimetype: 'application/octet-stream',
    contentId: `${id}@node`,
    name: id,
    body: fs.readFileSync(file),
  }));
  const fed = await called('feed', client.ProvideAndRegisterAsync(submission, { attachments }));
  if (fed) console.log('feed', fed.attributes.status);

  address(client, 'urn:ihe:iti:2007:RetrieveDocumentSet', text('retrieve-security.xml'));
  const wanted = documents.filter(([, unique]) => unique);
  const request = {
    DocumentRequest: wanted.map(([, unique]) => ({
      RepositoryUniqueId: env.INTEROP_REPOSITORY,
      DocumentUniqueId: unique,
    })),
  };
  const given = await called('retrieve', client.RetrieveAsync(request, { forceMTOM: true }));
  if (!given) return;
  console.log('retrieve', given.RegistryResponse.attributes.status);
  const parts = client.lastResponseAttachments.parts;
  for (const one of given.DocumentResponse) {
    const href = one.Document.Include.attributes.href;
    const part = parts.find((item) => item.headers['content-id'] === `<${decodeURIComponent(href.slice(4))}>`);
    fs.writeFileSync(data(path.join('retrieved', one.DocumentUniqueId)), part.body);
  }
}

main().catch((error) => {
  console.error(error.stack || error);
  process.exit(1);
});
