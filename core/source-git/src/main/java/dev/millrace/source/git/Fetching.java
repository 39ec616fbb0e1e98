package dev.millrace.source.git;

import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.SourceAddress.Kind;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import dev.millrace.engine.source.SourceLogin;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.eclipse.jgit.lib.BatchRefUpdate;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.FetchConnection;
import org.eclipse.jgit.transport.ReceiveCommand;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.SshTransport;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.Transport;
import org.eclipse.jgit.transport.TransportHttp;
import org.eclipse.jgit.transport.URIish;

/** One fetch of one project, from its address to the list of commits. */
final class Fetching {
  /** Tips that were fetched once: a force-push on the server does not lose their commits here. */
  private static final String KEPT = "refs/millrace/kept/";

  private final GitSettings settings;
  private final AllowedSources allowed;
  private final AddressGuard guard;

  Fetching(GitSettings settings, AllowedSources allowed, AddressGuard guard) {
    this.settings = settings;
    this.allowed = allowed;
    this.guard = guard;
  }

  List<FetchedCommit> fetch(
      Mirror mirror, Repository repository, SourceLogin login, int limit, Budget budget)
      throws SourceException, IOException {
    GitAddress address = GitAddress.parse(repository.url());
    try (Way way = way(address, login, budget);
        Transport transport = way.open(mirror)) {
      transport.setDepth(limit);
      transport.setTagOpt(TagOpt.NO_TAGS);
      transport.setRemoveDeletedRefs(repository.refs().isEmpty());
      update(mirror, transport, repository.refs(), budget);
      keepTips(mirror);
      return new MirrorReader(mirror).commits(repository.refs(), limit);
    } catch (URISyntaxException e) {
      throw new SourceException(
          Code.REFUSED, "the repository's url cannot be read: " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      throw new FetchErrors(address, login).of(e, budget);
    }
  }

  private static void update(Mirror mirror, Transport transport, List<String> wanted, Budget budget)
      throws IOException {
    List<RefSpec> specs = new ArrayList<>();
    if (wanted.isEmpty()) {
      for (String prefix : MirrorReader.PREFIXES) {
        specs.add(new RefSpec("+" + prefix + "*:" + prefix + "*"));
      }
    } else {
      Map<String, Ref> offered;
      try (FetchConnection connection = transport.openFetch()) {
        offered = connection.getRefsMap();
      }
      for (String prefix : MirrorReader.PREFIXES) {
        for (String name : wanted) {
          String ref = prefix + name;
          if (offered.containsKey(ref)) {
            specs.add(new RefSpec("+" + ref + ":" + ref));
          } else {
            delete(mirror, ref);
          }
        }
      }
    }
    if (!specs.isEmpty()) {
      transport.fetch(budget, specs);
    }
  }

  private static void delete(Mirror mirror, String ref) throws IOException {
    if (mirror.exactRef(ref) != null) {
      RefUpdate gone = mirror.updateRef(ref);
      gone.setForceUpdate(true);
      gone.delete();
    }
  }

  private static void keepTips(Mirror mirror) throws IOException {
    Set<String> kept = new HashSet<>();
    for (Ref ref : mirror.getRefDatabase().getRefsByPrefix(KEPT)) {
      kept.add(ref.getName());
    }
    BatchRefUpdate batch = mirror.getRefDatabase().newBatchUpdate();
    batch.setAllowNonFastForwards(true);
    for (String prefix : MirrorReader.PREFIXES) {
      for (Ref ref : mirror.getRefDatabase().getRefsByPrefix(prefix)) {
        ObjectId id = ref.getObjectId();
        if (id != null && kept.add(KEPT + id.name())) {
          batch.addCommand(new ReceiveCommand(ObjectId.zeroId(), id, KEPT + id.name()));
        }
      }
    }
    if (!batch.getCommands().isEmpty()) {
      try (RevWalk walk = new RevWalk(mirror)) {
        batch.execute(walk, NullProgressMonitor.INSTANCE);
      }
    }
  }

  /** How a repository is reached; closed when the fetch is over. */
  private interface Way extends AutoCloseable {
    Transport open(Mirror mirror) throws IOException, URISyntaxException;

    @Override
    default void close() {}
  }

  private Way way(GitAddress address, SourceLogin login, Budget budget) throws SourceException {
    if (address instanceof GitAddress.Folder folder) {
      Path source = allowed.resolve(folder.path());
      return mirror -> Transport.open(mirror, new URIish(source.toUri().toString()));
    }
    GitAddress.Server server = (GitAddress.Server) address;
    guard.check(server.host(), server.port(), server.kind() == Kind.HTTP);
    return server.kind() == Kind.SSH ? ssh(server, login, budget) : http(server, login, budget);
  }

  private Way http(GitAddress.Server server, SourceLogin login, Budget budget)
      throws SourceException {
    SSLContext trust;
    try {
      trust = TlsTrust.of(settings.caFile());
    } catch (IOException | GeneralSecurityException e) {
      throw new SourceException(
          Code.UNAVAILABLE,
          "the file of MILLRACE_GIT_CA_FILE cannot be used; tell the operator: " + e.getMessage(),
          e);
    }
    HttpServer http = new HttpServer(server, login, guard, trust, budget);
    budget.onCancel(http::close);
    return new Way() {
      @Override
      public Transport open(Mirror mirror) throws IOException, URISyntaxException {
        Transport transport = Transport.open(mirror, new URIish(server.url()));
        http.use((TransportHttp) transport);
        return transport;
      }

      @Override
      public void close() {
        http.close();
      }
    };
  }

  private Way ssh(GitAddress.Server server, SourceLogin login, Budget budget)
      throws SourceException {
    if (login.privateKey().isEmpty()) {
      throw new SourceException(
          Code.REFUSED, "the project has no SSH key yet; set its repository again to make one");
    }
    KeyPair key = DeployKeys.read(login.privateKey().get());
    HostKeys known =
        HostKeys.of(server.host(), server.port(), settings.knownHosts(), login.hostKeys());
    SshServer ssh = new SshServer(server, key, known, guard, budget);
    return new Way() {
      @Override
      public Transport open(Mirror mirror) throws IOException, URISyntaxException {
        Transport transport = Transport.open(mirror, new URIish(server.url()));
        ((SshTransport) transport).setSshSessionFactory(ssh);
        return transport;
      }

      @Override
      public void close() {
        ssh.close();
      }
    };
  }
}
