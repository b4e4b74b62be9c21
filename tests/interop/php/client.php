<?php
// TD2.1 then TD3.2 with PHP's own SoapClient. It has neither MTOM nor WS-Addressing: documents travel as
// base64 inside the XML, and the headers are written as text, which keeps the VIHF untouched.
declare(strict_types=1);

const WSA = 'http://www.w3.org/2005/08/addressing';

function data(string $name): string
{
    return getenv('INTEROP_DATA') . '/' . $name;
}

function tls(): array
{
    return ['local_cert' => data('client.pem'), 'cafile' => data('ca.pem'), 'verify_peer' => true];
}

function raw(string $xml): SoapVar
{
    return new SoapVar($xml, XSD_ANYXML);
}

function headers(string $action, string $security): array
{
    $random = bin2hex(random_bytes(16));
    $random[12] = '4';
    $random[16] = 'a';
    $uuid = vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split($random, 4));
    $xml = [
        'Action' => '<wsa:Action xmlns:wsa="' . WSA . '">' . $action . '</wsa:Action>',
        'MessageID' => '<wsa:MessageID xmlns:wsa="' . WSA . '">urn:uuid:' . $uuid . '</wsa:MessageID>',
        'To' => '<wsa:To xmlns:wsa="' . WSA . '">' . getenv('INTEROP_URL') . '</wsa:To>',
        'ReplyTo' => '<wsa:ReplyTo xmlns:wsa="' . WSA . '"><wsa:Address>' . WSA
            . '/anonymous</wsa:Address></wsa:ReplyTo>',
        'Security' => $security,
    ];
    $headers = [];
    foreach ($xml as $name => $text) {
        $headers[] = new SoapHeader(WSA, $name, raw($text));
    }
    return $headers;
}

// SoapClient reads no multipart answer, and TD3.2 is always answered so: this puts the parts back into the XML.
// It posts by itself, as SoapClient throws away the body of a multipart that comes with HTTP 500: a fault.
final class PartsClient extends SoapClient
{
    public function __doRequest(
        string $request,
        string $location,
        string $action,
        int $version,
        bool $oneWay = false
    ): ?string {
        $answer = file_get_contents($location, false, stream_context_create(['ssl' => tls(), 'http' => [
            'method' => 'POST',
            'header' => 'Content-Type: application/soap+xml; charset=utf-8; action="' . $action . '"',
            'content' => $request,
            'ignore_errors' => true,
        ]]));
        $type = implode("\n", preg_grep('/^Content-Type:/i', $http_response_header));
        if ($answer === false || !preg_match('/multipart\/related.*boundary="([^"]+)"/i', $type, $found)) {
            return $answer === false ? null : $answer;
        }
        $parts = [];
        foreach (array_slice(explode("\r\n--" . $found[1], "\r\n" . $answer), 1, -1) as $part) {
            [$head, $body] = explode("\r\n\r\n", $part, 2);
            preg_match('/^Content-ID: <(.*)>/mi', $head, $id);
            $parts[$id[1]] = $body;
        }
        return preg_replace_callback(
            '/<xop:Include [^>]*href="cid:([^"]+)"[^>]*\/>/',
            fn (array $include): string => base64_encode($parts[rawurldecode($include[1])]),
            reset($parts)
        );
    }
}

// The answer, or null after the text of the fault: the service's, or SoapClient's own.
function called(string $name, callable $call): ?object
{
    try {
        return $call();
    } catch (SoapFault $fault) {
        echo $name, ' fault ', $fault->getMessage(), "\n";
        return null;
    }
}

$options = [
    'location' => getenv('INTEROP_URL'),
    'soap_version' => SOAP_1_2,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'stream_context' => stream_context_create(['ssl' => tls()]),
];
$documents = array_map(
    fn (string $line): array => explode("\t", $line),
    file(data('documents.tsv'), FILE_IGNORE_NEW_LINES)
);

$client = new SoapClient(getenv('INTEROP_WSDL'), $options);
$client->__setSoapHeaders(headers(
    'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b',
    file_get_contents(data('feed-security.xml'))
));
$fed = called('feed', fn () => $client->ProvideAndRegister([
    'any' => file_get_contents(data('submission.xml')),
    'Document' => array_map(
        fn (array $one): array => ['_' => file_get_contents($one[2]), 'id' => $one[0]],
        $documents
    ),
]));
if ($fed !== null) {
    echo 'feed ', $fed->status, "\n";
}

$class = getenv('INTEROP_PHP_ALONE') ? SoapClient::class : PartsClient::class;
$client = new $class(getenv('INTEROP_WSDL'), $options);
$client->__setSoapHeaders(headers(
    'urn:ihe:iti:2007:RetrieveDocumentSet',
    file_get_contents(data('retrieve-security.xml'))
));
$wanted = array_filter($documents, fn (array $one): bool => $one[1] !== '');
$given = called('retrieve', fn () => $client->Retrieve(['DocumentRequest' => array_map(
    fn (array $one): array => [
        'RepositoryUniqueId' => getenv('INTEROP_REPOSITORY'),
        'DocumentUniqueId' => $one[1],
    ],
    array_values($wanted)
)]));
if ($given === null) {
    exit(0);
}
echo 'retrieve ', $given->RegistryResponse->status, "\n";
foreach ($given->DocumentResponse as $one) {
    file_put_contents(data('retrieved/' . $one->DocumentUniqueId), $one->Document);
}
