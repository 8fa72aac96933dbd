// Loops over elements, written so that the compiler vectorises them. Included by loops_body.h only.
// exp, tanh and erf are own polynomials of plain operations (errors below 2e-7): calls to the C library would not
// vectorise.

inline std::uint32_t bits_of(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
inline float float_of(std::uint32_t x) {
  return __builtin_bit_cast(float, x);
}

/// e^x: 0 below -87.3, infinity above 88.7, NaN passes.
inline float exp_of(float x) {
  float z = x < -87.3F ? -87.3F : x;
  z = z > 88.7F ? 88.7F : z;
  const float magic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = z * 1.44269504F + magic;
  const float n = shifted - magic;
  const float r = (z - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float y = p * r * r + r + 1.0F;
  // Two halves of the power, so that 2^128 does not overflow before it is multiplied in.
  const std::uint32_t power = bits_of(shifted) - bits_of(magic);
  const std::uint32_t half = static_cast<std::uint32_t>(static_cast<std::int32_t>(power) >> 1);
  float result = y * float_of((half + 127U) << 23U) * float_of((power - half + 127U) << 23U);
  result = x > 88.7F ? __builtin_inff() : result;
  result = x < -87.3F ? 0.0F : result;
  return x != x ? x : result;
}

inline float sigmoid_of(float x) {
  return 1.0F / (1.0F + exp_of(-x));
}

inline float tanh_of(float x) {
  const float a = x < 0 ? -x : x;
  const float z = x * x;
  float p = -5.70498872745e-3F;
  p = p * z + 2.06390887954e-2F;
  p = p * z - 5.37397155531e-2F;
  p = p * z + 1.33314422036e-1F;
  p = p * z - 3.33332819422e-1F;
  const float small = p * z * x + x;
  const float large = 1.0F - 2.0F / (exp_of(2.0F * a) + 1.0F);
  const float big = x < 0 ? -large : large;
  return a < 0.625F ? small : big;
}

/// The normal distribution: its density and its integral up to x (Abramowitz and Stegun 7.1.26).
struct Normal {
  float density, integral;
};
inline Normal normal_of(float x) {
  const float a = (x < 0 ? -x : x) * 0.70710678F;
  const float e = exp_of(-a * a);
  const float t = 1.0F / (1.0F + 0.3275911F * a);
  float p = 1.061405429F;
  p = p * t - 1.453152027F;
  p = p * t + 1.421413741F;
  p = p * t - 0.284496736F;
  p = p * t + 0.254829592F;
  const float tail = 0.5F * p * t * e;
  Normal result;
  result.density = 0.39894228F * e;
  result.integral = x < 0 ? tail : 1.0F - tail;
  return result;
}

template <class F>
inline void map(std::int64_t n, const float* x, float* y, F f) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}
template <class F>
inline void map2(std::int64_t n, const float* a, const float* b, float* y, bool add, F f) {
  if (add) {
    for (std::int64_t i = 0; i < n; ++i) y[i] += f(a[i], b[i]);
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  }
}

void relu(std::int64_t n, float, const float* x, float* y) {
  map(n, x, y, [](float v) { return v < 0 ? 0.0F : v; });
}
void leaky_relu(std::int64_t n, float alpha, const float* x, float* y) {
  map(n, x, y, [alpha](float v) { return v < 0 ? alpha * v : v; });
}
void sigmoid(std::int64_t n, float, const float* x, float* y) {
  map(n, x, y, sigmoid_of);
}
void tanh(std::int64_t n, float, const float* x, float* y) {
  map(n, x, y, tanh_of);
}
void gelu(std::int64_t n, float, const float* x, float* y) {
  map(n, x, y, [](float v) { return v * normal_of(v).integral; });
}
void silu(std::int64_t n, float, const float* x, float* y) {
  map(n, x, y, [](float v) { return v * sigmoid_of(v); });
}

void relu_gradient(std::int64_t n, float, const float* y, const float* dy, float* dx, bool add) {
  map2(n, y, dy, dx, add, [](float v, float d) { return v <= 0 ? 0.0F : d; });
}
void leaky_relu_gradient(std::int64_t n, float alpha, const float* x, const float* dy, float* dx, bool add) {
  map2(n, x, dy, dx, add, [alpha](float v, float d) { return v > 0 ? d : alpha * d; });
}
void sigmoid_gradient(std::int64_t n, float, const float* y, const float* dy, float* dx, bool add) {
  map2(n, y, dy, dx, add, [](float v, float d) { return d * v * (1.0F - v); });
}
void tanh_gradient(std::int64_t n, float, const float* y, const float* dy, float* dx, bool add) {
  map2(n, y, dy, dx, add, [](float v, float d) { return d * (1.0F - v * v); });
}
void gelu_gradient(std::int64_t n, float, const float* x, const float* dy, float* dx, bool add) {
  map2(n, x, dy, dx, add, [](float v, float d) {
    const Normal p = normal_of(v);
    return d * (p.integral + v * p.density);
  });
}
void silu_gradient(std::int64_t n, float, const float* x, const float* dy, float* dx, bool add) {
  map2(n, x, dy, dx, add, [](float v, float d) {
    const float s = sigmoid_of(v);
    return d * s * (1.0F + v * (1.0F - s));
  });
}
void exp_shifted(std::int64_t n, float shift, const float* x, float* y) {
  map(n, x, y, [shift](float v) { return exp_of(v - shift); });
}

std::int32_t greatest_magnitude(std::int64_t n, const float* x) {
  VecI best[4] = {};
  const VecI magnitude = VecI{} + 0x7FFFFFFF;
  const auto take = [&](VecI& to, const float* from) {
    const VecI bits = *reinterpret_cast<const VecIU*>(from) & magnitude;
    to = bits > to ? bits : to;
  };
  std::int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
    for (int k = 0; k < 4; ++k) take(best[k], x + i + k * kLanes);
  for (; i + kLanes <= n; i += kLanes) take(best[0], x + i);
  std::int32_t greatest = 0;
  for (; i < n; ++i) {
    const auto bits = static_cast<std::int32_t>(bits_of(x[i]) & 0x7FFFFFFFU);
    greatest = bits > greatest ? bits : greatest;
  }
  for (const VecI& vector : best)
    for (int lane = 0; lane < kLanes; ++lane) greatest = vector[lane] > greatest ? vector[lane] : greatest;
  return greatest;
}

/// Sums over elements keep 4 vectors of partial sums and add them in a fixed order.
template <class F>
inline float reduce(std::int64_t n, F term) {
  Vec acc[4] = {};
  std::int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
    for (int k = 0; k < 4; ++k) acc[k] += term.vector(i + k * kLanes);
  for (; i + kLanes <= n; i += kLanes) acc[0] += term.vector(i);
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
void multiply(std::int64_t n, const float* x, float* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] *= x[i];
}
void multiply_add(std::int64_t n, const float* a, const float* b, float* y, bool add) {
  map2(n, a, b, y, add, [](float u, float v) { return u * v; });
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
  constexpr std::int64_t kTile = 16;
  for (std::int64_t c0 = first; c0 < end; c0 += kTile) {
    const std::int64_t width = end - c0 < kTile ? end - c0 : kTile;
    float* to = dst + (c0 - first) * dst_stride;
    for (std::int64_t r0 = 0; r0 < count; r0 += kTile) {
      const std::int64_t height = count - r0 < kTile ? count - r0 : kTile;
      float tile[kTile][kTile];
      for (std::int64_t r = 0; r < height; ++r)
        for (std::int64_t c = 0; c < width; ++c) tile[c][r] = rows[r0 + r][c0 + c];
      for (std::int64_t c = 0; c < width; ++c)
        for (std::int64_t r = 0; r < height; ++r) to[c * dst_stride + r0 + r] = tile[c][r];
    }
  }
}
