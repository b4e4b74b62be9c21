// TD2.1 then TD3.2 with gSOAP: its own envelope, WS-Addressing plugin, MTOM and OpenSSL.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "RepositoryBinding.nsmap"
#include "soapH.h"
#include "wsaapi.h"

static std::string setting(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

static std::string content(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

static const std::string DATA = setting("INTEROP_DATA") + "/";
static const std::string URL = setting("INTEROP_URL");

struct Document {
  std::string entry, unique, bytes;
};

static std::vector<Document> documents() {
  std::vector<Document> found;
  std::ifstream list(DATA + "documents.tsv");
  for (std::string line; std::getline(list, line);) {
    std::istringstream fields(line);
    Document one;
    std::string path;
    std::getline(fields, one.entry, '\t');
    std::getline(fields, one.unique, '\t');
    std::getline(fields, path);
    one.bytes = content(path);
    found.push_back(one);
  }
  return found;
}

// The plugin writes Action, MessageID, To and ReplyTo. The VIHF is an _XML literal: gSOAP copies it as it is.
static void address(struct soap *soap, const char *action, const std::string &security) {
  soap_wsa_request(soap, soap_wsa_rand_uuid(soap), URL.c_str(), action);
  soap_wsa_add_ReplyTo(soap, "http://www.w3.org/2005/08/addressing/anonymous");
  soap->header->__any = soap_strdup(soap, content(DATA + security).c_str());
}

static int failed(struct soap *soap) {
  soap_stream_fault(soap, std::cerr);
  return 1;
}

// Whether the call was answered; a fault of the service is printed, anything else ends the program.
static bool answered(struct soap *soap, const char *name, int error) {
  if (error == SOAP_FAULT) std::cout << name << " fault " << soap_fault_string(soap) << std::endl;
  else if (error) std::exit(failed(soap));
  return !error;
}

int main() {
  soap_ssl_init();
  struct soap *soap = soap_new1(SOAP_ENC_MTOM | SOAP_XML_STRICT);
  soap_register_plugin(soap, soap_wsa);
  if (soap_ssl_client_context(soap, SOAP_SSL_DEFAULT, (DATA + "client.pem").c_str(), nullptr,
                              (DATA + "ca.pem").c_str(), nullptr, nullptr))
    return failed(soap);
  std::vector<Document> all = documents();

  const char *provide = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
  address(soap, provide, "feed-security.xml");
  ns1__ProvideAndRegister submission;
  std::string metadata = content(DATA + "submission.xml");
  submission.__any = const_cast<char *>(metadata.c_str());
  for (Document &one : all) {
    ns1__DocumentContent *document = soap_new_ns1__DocumentContent(soap);
    document->id = one.entry;
    document->__item.__ptr = reinterpret_cast<unsigned char *>(&one.bytes[0]);
    document->__item.__size = static_cast<int>(one.bytes.size());
    document->__item.type = const_cast<char *>("application/octet-stream");  // this asks for a part of its own
    submission.Document.push_back(document);
  }
  ns2__RegistryResponseType fed;
  if (answered(soap, "feed", soap_call___ns1__ProvideAndRegister(soap, URL.c_str(), provide, &submission, fed)))
    std::cout << "feed " << (fed.status ? *fed.status : "") << std::endl;

  const char *retrieve = "urn:ihe:iti:2007:RetrieveDocumentSet";
  address(soap, retrieve, "retrieve-security.xml");
  ns1__RetrieveDocumentSet asked;
  for (Document &one : all) {
    if (one.unique.empty()) continue;
    ns1__DocumentRequest *request = soap_new_ns1__DocumentRequest(soap);
    request->RepositoryUniqueId = setting("INTEROP_REPOSITORY");
    request->DocumentUniqueId = one.unique;
    asked.DocumentRequest.push_back(request);
  }
  ns1__RetrievedDocumentSet given;
  if (!answered(soap, "retrieve", soap_call___ns1__Retrieve(soap, URL.c_str(), retrieve, &asked, given)))
    return 0;
  const ns2__RegistryResponseType *status = given.ns2__RegistryResponse;
  std::cout << "retrieve " << (status && status->status ? *status->status : "") << std::endl;
  for (ns1__DocumentResponse *one : given.DocumentResponse) {
    std::ofstream file(DATA + "retrieved/" + one->DocumentUniqueId, std::ios::binary);
    file.write(reinterpret_cast<char *>(one->Document.__ptr), one->Document.__size);
  }
  soap_destroy(soap);
  soap_end(soap);
  soap_free(soap);
  return 0;
}
