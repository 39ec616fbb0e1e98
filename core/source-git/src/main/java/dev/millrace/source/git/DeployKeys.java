package dev.millrace.source.git;

import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.source.NewKey;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.util.security.SecurityUtils;

/** Makes and reads the ed25519 keys with which projects log in over SSH. */
final class DeployKeys {
  private DeployKeys() {}

  static NewKey make(String comment) throws SourceException {
    try {
      KeyPair pair = KeyUtils.generateKeyPair(KeyPairProvider.SSH_ED25519, 256);
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(pair, comment, null, text);
      return new NewKey(
          PublicKeyEntry.toString(pair.getPublic()) + " " + comment,
          Secret.of(text.toString(StandardCharsets.US_ASCII)));
    } catch (IOException | GeneralSecurityException e) {
      throw new SourceException(Code.UNAVAILABLE, "no SSH key could be made", e);
    }
  }

  static KeyPair read(Secret privateKey) throws SourceException {
    byte[] text = privateKey.reveal().getBytes(StandardCharsets.US_ASCII);
    try {
      for (KeyPair pair :
          SecurityUtils.loadKeyPairIdentities(
              null, NamedResource.ofName("deploy key"), new ByteArrayInputStream(text), null)) {
        return pair;
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new SourceException(
          Code.UNREADABLE, "the project's SSH key cannot be read; make a new one", e);
    }
    throw new SourceException(
        Code.UNREADABLE, "the project's SSH key cannot be read; make a new one");
  }

  /** The public half, without its comment. */
  static String publicLine(KeyPair pair) {
    return PublicKeyEntry.toString(pair.getPublic());
  }
}
