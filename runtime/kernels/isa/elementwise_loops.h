// Loops over elements, written so that the compiler vectorises them. Included by loops_body.h only.

template <class F>
inline void map2(std::int64_t n, const float* a, const float* b, float* y, bool add, F f) {
  if (add) {
    for (std::int64_t i = 0; i < n; ++i) y[i] += f(a[i], b[i]);
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  }
}

inline std::uint32_t bits_of(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}

std::int32_t greatest_magnitude(std::int64_t n, const float* x) {
  VecI best[4] = {};
  const VecI magnitude = VecI{} + 0x7FFFFFFF;
  const auto take = [&](VecI& to, const float* from) {
    const VecI bits = *reinterpret_cast<const VecIU*>(from) & magnitude;
    to = bits > to ? bits : to;
  };
  std::int64_t i = 0;
  for (; i + 4 * vector_lanes <= n; i += 4 * vector_lanes)
    for (int k = 0; k < 4; ++k) take(best[k], x + i + k * vector_lanes);
  for (; i + vector_lanes <= n; i += vector_lanes) take(best[0], x + i);
  std::int32_t greatest = 0;
  for (; i < n; ++i) {
    const auto bits = static_cast<std::int32_t>(bits_of(x[i]) & 0x7FFFFFFFU);
    greatest = bits > greatest ? bits : greatest;
  }
  for (const VecI& vector : best)
    for (int lane = 0; lane < vector_lanes; ++lane) greatest = vector[lane] > greatest ? vector[lane] : greatest;
  return greatest;
}

/// Sums over elements keep 4 vectors of partial sums and add them in a fixed order.
template <class F>
inline float reduce(std::int64_t n, F term) {
  Vec acc[4] = {};
  std::int64_t i = 0;
  for (; i + 4 * vector_lanes <= n; i += 4 * vector_lanes)
    for (int k = 0; k < 4; ++k) acc[k] += term.vector(i + k * vector_lanes);
  for (; i + vector_lanes <= n; i += vector_lanes) acc[0] += term.vector(i);
  float rest = 0;
  for (; i < n; ++i) rest += term.scalar(i);
  return lane_sum((acc[0] + acc[1]) + (acc[2] + acc[3])) + rest;
}

struct SumTerm {
  const float* x;
  Vec vector(std::int64_t i) const { return load(x + i); }
  float scalar(std::int64_t i) const { return x[i]; }
};
struct DotTerm {
  const float* x;
  const float* y;
  Vec vector(std::int64_t i) const { return load(x + i) * load(y + i); }
  float scalar(std::int64_t i) const { return x[i] * y[i]; }
};
struct DeviationTerm {
  const float* x;
  float mean;
  Vec vector(std::int64_t i) const {
    const Vec d = load(x + i) - splat(mean);
    return d * d;
  }
  float scalar(std::int64_t i) const { return (x[i] - mean) * (x[i] - mean); }
};
struct CentredDotTerm {
  const float* x;
  const float* dy;
  float mean;
  Vec vector(std::int64_t i) const { return (load(x + i) - splat(mean)) * load(dy + i); }
  float scalar(std::int64_t i) const { return (x[i] - mean) * dy[i]; }
};

float sum(std::int64_t n, const float* x) {
  return reduce(n, SumTerm{x});
}
float dot(std::int64_t n, const float* x, const float* y) {
  return reduce(n, DotTerm{x, y});
}
float squared_deviation(std::int64_t n, float mean, const float* x) {
  return reduce(n, DeviationTerm{x, mean});
}
float centred_dot(std::int64_t n, float mean, const float* x, const float* dy) {
  return reduce(n, CentredDotTerm{x, dy, mean});
}

void scale_shift(std::int64_t n, float scale, float shift, const float* x, float* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] * scale + shift;
}
void affine_gradient(std::int64_t n, float a, float b, float c, const float* dy, const float* x, float* dx, bool add) {
  map2(n, dy, x, dx, add, [a, b, c](float d, float v) { return a * d + b * v + c; });
}
void copy(std::int64_t n, const float* x, float* y, bool add) {
  if (add) {
    for (std::int64_t i = 0; i < n; ++i) y[i] += x[i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i];
  }
}
void add(std::int64_t n, const float* x, float* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] += x[i];
}
void add_bias(std::int64_t n, const float* x, const float* bias, float* y) {
  if (bias) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] + bias[i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i];
  }
}

/// A 32-bit mix of the element's index under a 64-bit key (the finaliser of MurmurHash3, twice keyed).
inline std::uint32_t mix(std::uint32_t i, std::uint32_t low, std::uint32_t high) {
  std::uint32_t h = i * 0x9E3779B9U + low;
  h ^= h >> 16U;
  h *= 0x85EBCA6BU;
  h ^= h >> 13U;
  h += high;
  h *= 0xC2B2AE35U;
  h ^= h >> 16U;
  return h;
}
void dropout(std::int64_t n, std::uint64_t key, std::uint32_t threshold, float scale, const float* x, float* y,
             bool add) {
  const std::uint32_t low = static_cast<std::uint32_t>(key);
  const std::uint32_t high = static_cast<std::uint32_t>(key >> 32U);
  for (std::int64_t i = 0; i < n; ++i) {
    const float kept = mix(static_cast<std::uint32_t>(i), low, high) >= threshold ? x[i] * scale : 0.0F;
    y[i] = add ? y[i] + kept : kept;
  }
}

void transpose(std::int64_t count, std::int64_t first, std::int64_t end, const float* const* rows, float* dst,
               std::int64_t dst_stride) {
  constexpr std::int64_t tile_side = 16;
  for (std::int64_t c0 = first; c0 < end; c0 += tile_side) {
    const std::int64_t width = end - c0 < tile_side ? end - c0 : tile_side;
    float* to = dst + (c0 - first) * dst_stride;
    for (std::int64_t r0 = 0; r0 < count; r0 += tile_side) {
      const std::int64_t height = count - r0 < tile_side ? count - r0 : tile_side;
      float tile[tile_side][tile_side];
      for (std::int64_t r = 0; r < height; ++r)
        for (std::int64_t c = 0; c < width; ++c) tile[c][r] = rows[r0 + r][c0 + c];
      for (std::int64_t c = 0; c < width; ++c)
        for (std::int64_t r = 0; r < height; ++r) to[c * dst_stride + r0 + r] = tile[c][r];
    }
  }
}
