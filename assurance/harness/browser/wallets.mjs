// How the wallets of a driven page sign: with a key, as a Safe's owners do, or with a passkey.
import { createHash, createPrivateKey, sign as signWith } from "node:crypto";
import { concat, encodeAbiParameters, hashTypedData, hexToBytes, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The signature that the wallet's account has for this message. */
export async function signature({ key, account, owners, passkey }, typed) {
  if (owners) return safe(owners, account, typed);
  if (passkey) return webauthn(passkey, hashTypedData(typed));
  return privateKeyToAccount(key).signTypedData(typed);
}

/** What Safe{Wallet} gives: each owner signs the digest as a message of this Safe; in the order of their addresses. */
async function safe(owners, account, typed) {
  const message = {
    domain: { chainId: typed.domain.chainId, verifyingContract: account },
    types: { SafeMessage: [{ name: "message", type: "bytes" }] },
    primaryType: "SafeMessage",
    message: { message: hashTypedData(typed) },
  };
  const accounts = owners.map(privateKeyToAccount).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  return concat(await Promise.all(accounts.map((owner) => owner.signTypedData(message))));
}

/** What a browser's `navigator.credentials.get` gives for the digest as its challenge, as ERC-1271 accounts take it. */
function webauthn(pem, digest) {
  const challenge = Buffer.from(hexToBytes(digest)).toString("base64url");
  const client = `{"type":"webauthn.get","challenge":"${challenge}","origin":"https://wallet.example","crossOrigin":false}`;
  const sha256 = (data) => createHash("sha256").update(data).digest();
  // Whose passkey it is, "present and verified", and how often it signed.
  const authenticator = Buffer.concat([sha256("wallet.example"), Buffer.from([0x05, 0, 0, 0, 1])]);
  const signed = signWith("sha256", Buffer.concat([authenticator, sha256(client)]), { key: createPrivateKey(pem), dsaEncoding: "ieee-p1363" });
  const [r, s] = [signed.subarray(0, 32), BigInt(toHex(signed.subarray(32)))];
  const low = s > P256 / 2n ? P256 - s : s;
  const kinds = ["bytes32", "bytes32", "uint256", "uint256", "bytes", "string"].map((type) => ({ type }));
  const places = [BigInt(client.indexOf('"challenge"')), BigInt(client.indexOf('"type"'))];
  return encodeAbiParameters(kinds, [toHex(r), toHex(low, { size: 32 }), ...places, toHex(authenticator), client]);
}
