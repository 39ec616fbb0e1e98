package dev.millrace.source.git;

import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.sshd.client.ClientBuilder;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.common.signature.Signature;
import org.apache.sshd.core.CoreModuleProperties;
import org.eclipse.jgit.errors.TransportException;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.RemoteSession;
import org.eclipse.jgit.transport.SshSessionFactory;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.util.FS;

/**
 * One fetch's way to an SSH server: to an address that the guard has judged, with the project's key
 * alone, and only if the server shows a key by which it is known. Nothing of a user's home (config,
 * agent, keys) is read.
 */
final class SshServer extends SshSessionFactory implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration LOGIN = Duration.ofSeconds(20);
  private static final Duration IDLE = Duration.ofSeconds(60);

  private final GitAddress.Server server;
  private final KeyPair key;
  private final HostKeys hostKeys;
  private final AddressGuard guard;
  private final Budget budget;
  private final SshClient client;

  SshServer(
      GitAddress.Server server, KeyPair key, HostKeys hostKeys, AddressGuard guard, Budget budget) {
    this.server = server;
    this.key = key;
    this.hostKeys = hostKeys;
    this.guard = guard;
    this.budget = budget;
    this.client =
        ClientBuilder.builder()
            .serverKeyVerifier(this::known)
            .hostConfigEntryResolver(HostConfigEntryResolver.EMPTY)
            .build();
    client.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
    client.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
    client.setNioWorkers(1);
    List<String> types = hostKeys.types();
    List<NamedFactory<Signature>> signatures = new ArrayList<>(client.getSignatureFactories());
    signatures.sort(Comparator.comparing(f -> types.stream().noneMatch(t -> signs(f, t))));
    client.setSignatureFactories(signatures);
    CoreModuleProperties.IDLE_TIMEOUT.set(client, IDLE);
    CoreModuleProperties.NIO2_READ_TIMEOUT.set(client, IDLE);
  }

  private static boolean signs(NamedFactory<Signature> factory, String type) {
    return factory.getName().equals(type)
        || (type.equals("ssh-rsa") && factory.getName().startsWith("rsa-sha2-"));
  }

  private boolean known(ClientSession session, SocketAddress address, PublicKey shown) {
    if (hostKeys.accept(shown)) {
      return true;
    }
    budget.note(
        new SourceException(
            Code.REFUSED,
            (hostKeys.isEmpty()
                    ? "the SSH server "
                        + server.origin()
                        + " is not known: it shows the key "
                        + HostKeys.fingerprint(shown)
                    : "the SSH server "
                        + server.origin()
                        + " shows the key "
                        + HostKeys.fingerprint(shown)
                        + ", which is not the one by which it is known: somebody may be in between,"
                        + " or its key was changed")
                + ". Compare that with what its operator publishes; if it is right, set"
                + " \"host_key\" of the repository to \""
                + HostKeys.line(shown)
                + "\", or have it added to the master's known hosts"));
    return false;
  }

  @Override
  public RemoteSession getSession(URIish uri, CredentialsProvider none, FS fs, int timeout)
      throws TransportException {
    try {
      if (!client.isStarted()) {
        client.start();
      }
      ClientSession session = connect();
      budget.onCancel(() -> session.close(true));
      try {
        session.addPublicKeyIdentity(key);
        session.auth().verify(LOGIN);
      } catch (IOException e) {
        session.close(true);
        // Where the server itself was refused there is a reason already.
        budget.note(
            new SourceException(
                Code.REFUSED,
                "the SSH server "
                    + server.origin()
                    + " does not let user \""
                    + server.user()
                    + "\" in with the key of this project. Add it there as a deploy key: "
                    + DeployKeys.publicLine(key),
                e));
        throw e;
      }
      return new SshCommand.Session(session, budget);
    } catch (IOException e) {
      throw new TransportException(uri, String.valueOf(e.getMessage()), e);
    }
  }

  private ClientSession connect() throws IOException {
    IOException last = new UnknownHostException(server.host());
    for (InetAddress address : guard.resolve(server.host(), server.port(), false)) {
      try {
        return client
            .connect(server.user(), new InetSocketAddress(address, server.port()))
            .verify(CONNECT)
            .getSession();
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  @Override
  public String getType() {
    return "millrace";
  }

  @Override
  public void close() {
    client.stop();
  }
}
