SELECT signer, status::text, at_ms FROM attest.anchor
