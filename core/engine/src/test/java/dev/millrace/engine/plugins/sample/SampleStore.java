package dev.millrace.engine.plugins.sample;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import dev.millrace.spi.storage.WriteOptions;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/** The plugin that HotPlugTest drops in: a store in which every blob tells the account. */
public final class SampleStore implements ArtifactStore {
  private final SampleAccount account;

  public SampleStore(SampleAccount account) {
    if (account.fail()) {
      throw new IllegalStateException("this account cannot be used");
    }
    this.account = account;
  }

  @Override
  public Set<StoreFeature> features() {
    return Set.of();
  }

  @Override
  public URI root() {
    return URI.create("sample://" + account.greeting() + "/");
  }

  @Override
  public Optional<Blob> stat(BlobKey key, CallContext call) {
    return Optional.of(new Blob(key, 0, "e", Instant.EPOCH));
  }

  @Override
  public Blob write(BlobKey key, InputStream body, WriteOptions options, CallContext call) {
    return new Blob(key, 0, "e", Instant.EPOCH);
  }

  @Override
  public InputStream read(BlobKey key, ByteRange range, CallContext call) {
    return new ByteArrayInputStream(account._token().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public Page<Blob> list(String prefix, Page.Cursor from, CallContext call) {
    return Page.last(java.util.List.of());
  }

  @Override
  public void delete(BlobKey key, CallContext call) {}
}
